package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	v1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"
	"sigs.k8s.io/yaml"
)

// What the chart registers, compiled as the API server compiles it.
type registration struct {
	matchers  map[string]matchconditions.Matcher // by the webhook's name
	policy    validating.Validator
	condition matchconditions.Matcher // of the policy
	slugs     []string                // of the policy's validations
}

func conditionsOf(compiler cel.ConditionCompiler, conditions []v1.MatchCondition, kind, name string) matchconditions.Matcher {
	accessors := make([]cel.ExpressionAccessor, len(conditions))
	for i := range conditions {
		accessors[i] = (*matchconditions.MatchCondition)(&conditions[i])
	}
	// A condition that cannot be evaluated must show, whatever the failure policy would make of it.
	fail := v1.Fail
	filter := compiler.CompileCondition(accessors, cel.OptionalVariableDeclarations{HasAuthorizer: true}, environment.StoredExpressions)
	return matchconditions.NewMatcher(filter, &fail, kind, "validate", name)
}

var slugAtEnd = regexp.MustCompile(`\[([a-z0-9-]+)\]$`)

func (r *registration) addPolicy(p *v1.ValidatingAdmissionPolicy) error {
	compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		return err
	}
	declared := cel.OptionalVariableDeclarations{HasAuthorizer: true}
	variables := make([]cel.NamedExpressionAccessor, len(p.Spec.Variables))
	for i, v := range p.Spec.Variables {
		variables[i] = &validating.Variable{Name: v.Name, Expression: v.Expression}
	}
	compiler.CompileAndStoreVariables(variables, declared, environment.StoredExpressions)
	validations := make([]cel.ExpressionAccessor, len(p.Spec.Validations))
	messages := make([]cel.ExpressionAccessor, len(p.Spec.Validations))
	for i, v := range p.Spec.Validations {
		validations[i] = &validating.ValidationCondition{Expression: v.Expression, Message: v.Message, Reason: v.Reason}
	}
	r.condition = conditionsOf(compiler, p.Spec.MatchConditions, "policy", p.Name)
	r.policy = validating.NewValidator(
		compiler.CompileCondition(validations, declared, environment.StoredExpressions), r.condition,
		compiler.CompileCondition(nil, declared, environment.StoredExpressions),
		compiler.CompileCondition(messages, cel.OptionalVariableDeclarations{}, environment.StoredExpressions),
		p.Spec.FailurePolicy, nil)
	return nil
}

// ORACLE_REGISTRATION names the chart's webhook configurations and policy, as helm renders them.
var registered = sync.OnceValues(func() (*registration, error) {
	text, err := os.ReadFile(os.Getenv("ORACLE_REGISTRATION"))
	if err != nil {
		return nil, err
	}
	r := &registration{matchers: map[string]matchconditions.Matcher{}}
	compiler := cel.NewConditionCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	for documents := utilyaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(text))); ; {
		document := make([]byte, 1<<20)
		n, err := documents.Read(document)
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		var head struct{ Kind string }
		var hooks struct {
			Webhooks []struct {
				Name            string
				MatchConditions []v1.MatchCondition
			}
		}
		var policy v1.ValidatingAdmissionPolicy
		if err := yaml.Unmarshal(document[:n], &head); err != nil {
			return nil, err
		}
		switch head.Kind {
		case "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration":
			err = yaml.Unmarshal(document[:n], &hooks)
			for _, hook := range hooks.Webhooks {
				r.matchers[hook.Name] = conditionsOf(compiler, hook.MatchConditions, "webhook", hook.Name)
			}
		case "ValidatingAdmissionPolicy":
			if err = yaml.Unmarshal(document[:n], &policy); err == nil {
				err = r.addPolicy(&policy)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if len(r.matchers) != 3 || r.policy == nil {
		return nil, fmt.Errorf("%d webhooks registered, expected 3 and a policy", len(r.matchers))
	}
	return r, nil
})

// A request, and what brgate's server made of it.
type asked struct {
	Operation         admission.Operation
	Group, Kind       string
	Object, OldObject map[string]any
	Judged            bool     // by the server
	Valid             bool     // by the schema, and so was the old one
	Denied            []string // the rules for which it did
}

func objectOf(m map[string]any) runtime.Object {
	if m == nil {
		return nil
	}
	return &unstructured.Unstructured{Object: m}
}

func (a *asked) attributes() *admission.VersionedAttributes {
	gvk := schema.GroupVersionKind{Group: a.Group, Version: "v1alpha1", Kind: a.Kind}
	gvr := gvk.GroupVersion().WithResource(strings.ToLower(a.Kind) + "s")
	object, old := objectOf(a.Object), objectOf(a.OldObject)
	record := admission.NewAttributesRecord(object, old, gvk, "tidb", "x", gvr, "", a.Operation, nil, false, &user.DefaultInfo{Name: "x"})
	return &admission.VersionedAttributes{Attributes: record, VersionedKind: gvk, VersionedObject: object, VersionedOldObject: old}
}

// The webhooks' conditions and the policy's say of each request the same as the server, which is asked about all of them
// here: whether it is judged. And where the policy denies, the server denies, for the same rule.
func init() {
	topics["admission"] = func(input string) string {
		var a asked
		decoder := json.NewDecoder(strings.NewReader(input))
		if err := decoder.Decode(&a); err != nil {
			return refused + err.Error()
		}
		r, err := registered()
		if err != nil {
			return refused + err.Error()
		}
		attributes := a.attributes()
		for name, matcher := range r.matchers {
			deletion := a.Operation == admission.Delete
			if deletion != strings.HasPrefix(name, "delete.") {
				continue // another webhook's rules
			}
			result := matcher.Match(context.Background(), attributes, nil, nil)
			if result.Error != nil {
				return fmt.Sprintf("-%s: %v", name, result.Error)
			}
			if result.Matches != a.Judged {
				return fmt.Sprintf("-%s is asked: %v, the server judges: %v", name, result.Matches, a.Judged)
			}
		}
		if a.Operation == admission.Delete {
			return "+agreed"
		}
		result := r.condition.Match(context.Background(), attributes, nil, nil)
		if result.Error != nil || result.Matches != a.Judged {
			return fmt.Sprintf("-the policy is asked: %v (%v), the server judges: %v", result.Matches, result.Error, a.Judged)
		}
		if !a.Valid {
			return "+agreed"
		}
		decisions := r.policy.Validate(context.Background(), attributes.GetResource(), attributes, nil, nil, celconfig.RuntimeCELCostBudget, nil)
		for _, d := range decisions.Decisions {
			if d.Evaluation == validating.EvalError {
				return "-the policy: " + d.Message
			}
			slug := slugAtEnd.FindStringSubmatch(d.Message)
			if d.Action == validating.ActionDeny && (slug == nil || !slices.Contains(a.Denied, slug[1])) {
				return fmt.Sprintf("-the policy denies: %s; the server for %v", d.Message, a.Denied)
			}
		}
		return "+agreed"
	}
}
