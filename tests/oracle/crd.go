package main

import (
	"context"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// What the API server says to a CRD that is created: fields it does not know, structure, defaults, patterns, CEL.
func init() {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	topics["crd"] = func(input string) string {
		var crd v1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict([]byte(input), &crd); err != nil {
			return refused + err.Error()
		}
		scheme.Default(&crd)
		var internal apiextensions.CustomResourceDefinition
		if err := scheme.Convert(&crd, &internal, nil); err != nil {
			return refused + err.Error()
		}
		for _, version := range crd.Spec.Versions {
			internal.Status.StoredVersions = append(internal.Status.StoredVersions, version.Name)
		}
		if errs := validation.ValidateCustomResourceDefinition(context.Background(), &internal); len(errs) > 0 {
			return refused + errs.ToAggregate().Error()
		}
		return "+valid"
	}
}
