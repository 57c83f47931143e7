package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"regexp"
	"sort"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
)

// A kind as the API server holds it.
type kind struct {
	schema    *structural.Structural
	validator validation.SchemaValidator
	rules     *cel.Validator
}

var kinds map[string]kind

// loadKinds reads our flat CRDs, one JSON text a line, from the file that $ORACLE_CRDS names.
func loadKinds() {
	file, err := os.Open(os.Getenv("ORACLE_CRDS"))
	if err != nil {
		fatal(err)
	}
	defer file.Close()
	kinds = map[string]kind{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var crd v1.CustomResourceDefinition
		if err := json.Unmarshal(lines.Bytes(), &crd); err != nil {
			fatal(err)
		}
		var internal apiextensions.JSONSchemaProps
		if err := v1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(crd.Spec.Versions[0].Schema.OpenAPIV3Schema, &internal, nil); err != nil {
			fatal(err)
		}
		s, err := structural.NewStructural(&internal)
		if err != nil {
			fatal(err)
		}
		validator, _, err := validation.NewSchemaValidator(&internal)
		if err != nil {
			fatal(err)
		}
		kinds[crd.Name] = kind{s, validator, cel.NewValidator(s, true, 1<<40)}
	}
}

// A difference that brgate means, and why. It rewrites what the server says into what brgate says of the same.
var meant = []struct {
	reason  string
	rewrite func(errs []string) []string
}{
	{"that rules were not checked says nothing about the object", func(errs []string) []string {
		return without(errs, func(e string) bool { return strings.Contains(e, "some validation rules were not checked") })
	}},
	{"one fault, one finding: behind a type error, or a number that its format cannot hold, nothing else is said of the same value", func(errs []string) []string {
		bad, outOfRange := map[string]bool{}, map[string]bool{}
		for _, e := range errs {
			if m := typeError.FindStringSubmatch(e); m != nil {
				bad[m[1]] = true
			}
			if m := checked.FindStringSubmatch(e); m != nil {
				outOfRange[m[2]] = true
			}
		}
		return without(errs, func(e string) bool {
			path, _, _ := strings.Cut(e, ": ")
			if m := checked.FindStringSubmatch(e); m != nil {
				return bad[m[2]]
			}
			return (bad[path] || outOfRange[path]) && !typeError.MatchString(e)
		})
	}},
	{"a composite error at <nil> stands at its value, and its best branch is said once", func(errs []string) []string {
		composite := map[string]bool{}
		for _, e := range errs {
			if m := anyOf.FindStringSubmatch(e); m != nil {
				composite[m[1]] = true
			}
		}
		errs = without(errs, anyOf.MatchString)
		for i, e := range errs {
			if m := typeError.FindStringSubmatch(e); m != nil && composite[m[1]] {
				errs[i] = strings.NewReplacer("must be of type integer:", "must be of type integer,string:",
					"must be of type string:", "must be of type integer,string:").Replace(e)
			}
		}
		return errs
	}},
	{"two rules that say the same from both sides are said once", func(errs []string) []string {
		return without(errs, func(e string) bool {
			return strings.Contains(e, "Invalid value: logStop and logSubcommand exclude each other")
		})
	}},
	{"a number out of its format's range is said at its path, with its value", func(errs []string) []string {
		for i, e := range errs {
			if m := checked.FindStringSubmatch(e); m != nil {
				errs[i] = m[2] + ": " + m[1]
			}
		}
		return errs
	}},
}

var (
	typeError = regexp.MustCompile(`^(\S+): Invalid value: ".*": \S+ in body must be of type [a-z0-9,-]+: "[a-z0-9]*"$`)
	anyOf     = regexp.MustCompile(`^<nil>: Invalid value: "": "(\S+)" must validate at least one schema \(anyOf\)$`)
	checked   = regexp.MustCompile(`^<nil>: Invalid value: "": (Checked value must be of type .* in (\S+))$`)
)

func without(errs []string, drop func(string) bool) []string {
	kept := errs[:0:0]
	for _, e := range errs {
		if !drop(e) {
			kept = append(kept, e)
		}
	}
	return kept
}

func blocking(errs field.ErrorList) bool {
	for _, e := range errs {
		switch e.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return true
		}
	}
	return false
}

// schemaAnswer takes the CRD's name, a newline and an object, through the server's passes in its order.
func schemaAnswer(input string) string {
	if kinds == nil {
		loadKinds()
	}
	name, text, _ := strings.Cut(input, "\n")
	k := kinds[name]
	var object map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts([]byte(text), &object); err != nil {
		return refused
	}
	unknown := pruning.PruneWithOptions(object, k.schema, true, structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	defaulting.PruneNonNullableNullsWithoutDefaults(object, k.schema)
	defaulting.Default(object, k.schema)
	all := validation.ValidateCustomResource(nil, object, k.validator)
	all = append(all, listtype.ValidateListSetsAndMaps(nil, k.schema, object)...)
	if !blocking(all) {
		more, _ := k.rules.Validate(context.Background(), nil, k.schema, object, nil, 1<<40)
		all = append(all, more...)
	}
	var errs []string
	for _, e := range all {
		errs = append(errs, e.Error())
	}
	for _, m := range meant {
		errs = m.rewrite(errs)
	}
	result, err := json.Marshal(object)
	if err != nil {
		return refused
	}
	sort.Strings(unknown)
	return strings.Join(unknown, " ") + "\n" + string(result) + "\n" + strings.Join(unique(errs), "\n")
}

func unique(texts []string) []string {
	sort.Strings(texts)
	kept := texts[:0]
	for i, t := range texts {
		if i == 0 || t != texts[i-1] {
			kept = append(kept, t)
		}
	}
	return kept
}

func init() { topics["schema"] = schemaAnswer }
