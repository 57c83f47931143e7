package main

import (
	"context"
	"strings"

	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiserver/pkg/cel/common"
	kjson "sigs.k8s.io/json"
)

// received is an object as the server decodes it, from a request or from its storage.
func received(text string, s *structural.Structural) (map[string]any, error) {
	var object map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts([]byte(text), &object); err != nil {
		return nil, err
	}
	pruning.PruneWithOptions(object, s, true, structural.UnknownFieldPathOptions{})
	defaulting.PruneNonNullableNullsWithoutDefaults(object, s)
	defaulting.Default(object, s)
	return object, nil
}

// updatesAnswer takes the CRD's name, the old and the new object, and says what customResourceStrategy.ValidateUpdate does.
func updatesAnswer(input string) string {
	if kinds == nil {
		loadKinds()
	}
	lines := strings.SplitN(input, "\n", 3)
	k := kinds[lines[0]]
	old, err := received(lines[1], k.schema)
	if err != nil {
		return refused
	}
	object, err := received(lines[2], k.schema)
	if err != nil {
		return refused
	}
	correlated := common.NewCorrelatedObject(object, old, &model.Structural{Structural: k.schema})
	all := validation.ValidateCustomResourceUpdate(nil, object, old, k.validator, validation.WithRatcheting(correlated))
	if len(listtype.ValidateListSetsAndMaps(nil, k.schema, old)) == 0 {
		all = append(all, listtype.ValidateListSetsAndMaps(nil, k.schema, object)...)
	}
	if !blocking(all) {
		more, _ := k.rules.Validate(context.Background(), nil, k.schema, object, old, 1<<40, cel.WithRatcheting(correlated))
		all = append(all, more...)
	}
	var errs []string
	for _, e := range all {
		errs = append(errs, e.Error())
	}
	for _, m := range meant {
		errs = m.rewrite(errs)
	}
	for i, e := range errs { // the words are those of the topic schema, or better ones
		errs[i], _, _ = strings.Cut(e, ": ")
	}
	return "+\n" + strings.Join(unique(errs), "\n")
}

func init() { topics["updates"] = updatesAnswer }
