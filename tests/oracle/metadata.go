package main

import (
	"sort"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	kjson "sigs.k8s.io/json"
)

// The metadata of an object that is created, as the API server's handler for custom resources decodes it, and as
// rest.BeforeCreate and the strategy of custom resources complete and validate it.
func metadataAnswer(input string) string {
	object := map[string]any{}
	if err := kjson.UnmarshalCaseSensitivePreserveInts([]byte(`{"metadata":`+input+`}`), &object); err != nil {
		return refused
	}
	options := objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true}
	meta, found, unknown, err := objectmeta.GetObjectMetaWithOptions(object, options)
	if err != nil || !found {
		return refused
	}
	rest.FillObjectMetaSystemFields(meta)
	meta.DeletionTimestamp, meta.DeletionGracePeriodSeconds = nil, nil
	generated := meta.GenerateName != "" && meta.Name == ""
	if generated {
		meta.Name = names.SimpleNameGenerator.GenerateName(meta.GenerateName)
	}
	if meta.Namespace == "" {
		meta.Namespace = "default"
	}
	meta.Generation = 1
	meta.ManagedFields = nil // the field manager replaces what it cannot use
	fields := map[string]bool{}
	for _, e := range validation.ValidateObjectMetaAccessor(meta, true, validation.NameIsDNSSubdomain, field.NewPath("metadata")) {
		name, _, _ := strings.Cut(strings.TrimPrefix(e.Field, "metadata."), ".")
		fields[name] = true
	}
	if generated {
		delete(fields, "name") // one fault, one finding: the name is bad where generateName is
	}
	var bad []string
	for name := range fields {
		bad = append(bad, " "+name)
	}
	sort.Strings(bad)
	sort.Strings(unknown)
	answer := "+unknown"
	for _, path := range unique(unknown) {
		answer += " " + strings.TrimPrefix(path, "<nil>.")
	}
	return answer + "; refused" + strings.Join(bad, "")
}

func init() { topics["metadata"] = metadataAnswer }
