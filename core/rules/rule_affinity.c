/* Affinity as the API server checks it. [kubernetes: pkg/apis/core/validation, validateAffinity] */
#include "checks.h"

#include "kube_name.h"
#include "num.h"

#define SUBJECT struct job_spec
#define RULES   "rule_affinity.def"
#include "rule_table.h"

/* Gt and Lt compare labels of nodes as numbers. */
static bool is_integer(const struct node *n)
{
    int64_t ignored;
    slice s = node_text(n);
    if (s.n && (s.p[0] == '+' || s.p[0] == '-'))
        return num_i64(s.p[0] == '+' ? slice_from(s, 1) : s, &ignored);
    return num_i64(s, &ignored);
}

static bool compares(slice operator)
{
    return slice_eq(operator, LIT("Gt")) || slice_eq(operator, LIT("Lt"));
}

static const char *values_fault(slice operator, const struct node * values)
{
    size_t count = 0;
    for (const struct node *v = node_first(values); v; v = node_next(v))
        count++;
    if ((slice_eq(operator, LIT("In")) || slice_eq(operator, LIT("NotIn"))) && !count)
        return "must be specified when operator is In or NotIn";
    if ((slice_eq(operator, LIT("Exists")) || slice_eq(operator, LIT("DoesNotExist"))) && count)
        return "may not be specified when operator is Exists or DoesNotExist";
    return compares(operator) && count != 1 ? "must have one integer when operator is Gt or Lt" : NULL;
}

static void check_expression(struct rule_run *run, const struct node *e, bool of_nodes)
{
    static const slice operators[] = {SLICE("In"),           SLICE("NotIn"), SLICE("Exists"),
                                      SLICE("DoesNotExist"), SLICE("Gt"),    SLICE("Lt")};
    const struct rule *rule = &rule_pod_affinity;
    const struct node *key = node_get(e, LIT("key")), *operator= node_get(e, LIT("operator")),
                      *values = node_get(e, LIT("values"));
    size_t count = of_nodes ? COUNT(operators) : COUNT(operators) - 2;
    struct refusal why = {0};
    if (value_is_text(key) && !kube_label_key(key->text, &why))
        rule_refused(run, rule, &(struct text){key, key->text, FIELD_GIVEN}, &why);
    if (!value_is_text(operator))
        return;
    if (!slice_among(operator->text, operators, count)) {
        rule_unsupported(run, rule, &(struct text){operator, operator->text, FIELD_GIVEN}, operators, count);
        return;
    }
    const struct node *first = node_first(values);
    if (compares(operator->text) && value_is_text(first) && !is_integer(first)) {
        struct finding *x = finding_at(run->findings, rule, FIELD_INVALID, at_value(first),
                                       "%.*s: must be an integer", FMT(node_value(run->arena, first)));
        finding_note(x, at_value(operator), "the operator compares numbers");
        finding_hint(x, "write a whole number, or use operator In");
        return;
    }
    const char *fault = values && !value_usable(values) ? NULL : values_fault(operator->text, values);
    if (!fault || findings_full(run->findings, rule))
        return;
    struct finding *x = finding_at(run->findings, rule, FIELD_INVALID, at_member(e, "values"), "%s", fault);
    finding_hint(x, "change the values or the operator");
}

static void check_expressions(struct rule_run *run, const struct node *list, bool of_nodes)
{
    for (const struct node *e = node_first(list); e; e = node_next(e))
        if (value_usable(e) && e->kind == NODE_OBJECT)
            check_expression(run, e, of_nodes);
}

static void check_weight(struct rule_run *run, const struct node *term)
{
    const struct node *weight = node_get(term, LIT("weight"));
    if (!value_usable(weight) || weight->kind != NODE_INT ||
        (weight->integer >= 1 && weight->integer <= 100) || findings_full(run->findings, &rule_pod_affinity))
        return;
    struct finding *x = finding_at(run->findings, &rule_pod_affinity, FIELD_INVALID, at_value(weight),
                                   "%.*s: must be in the range 1-100", FMT(node_value(run->arena, weight)));
    finding_hint(x, "write a weight from 1 to 100");
}

static void check_node_affinity(struct rule_run *run, const struct node *affinity)
{
    const struct node *required = node_get(affinity, LIT("requiredDuringSchedulingIgnoredDuringExecution")),
                      *terms = node_get(required, LIT("nodeSelectorTerms"));
    if (value_usable(terms) && terms->kind == NODE_ARRAY && !node_first(terms))
        finding_hint(finding_at(run->findings, &rule_pod_affinity, FIELD_REQUIRED, at_value(terms),
                                "must have at least one node selector term"),
                     "add a term, or remove it");
    for (const struct node *t = node_first(terms); t; t = node_next(t))
        check_expressions(run, node_get(t, LIT("matchExpressions")), true);
    const struct node *preferred = node_get(affinity, LIT("preferredDuringSchedulingIgnoredDuringExecution"));
    for (const struct node *t = node_first(preferred); t; t = node_next(t)) {
        check_weight(run, t);
        check_expressions(run, node_get(node_get(t, LIT("preference")), LIT("matchExpressions")), true);
    }
}

static void check_pod_term(struct rule_run *run, const struct node *term)
{
    const struct node *key = node_get(term, LIT("topologyKey"));
    struct refusal why = {0};
    if (value_is_text(key) && !key->text.n)
        finding_hint(
            finding_at(run->findings, &rule_pod_affinity, FIELD_REQUIRED, at_value(key), "can not be empty"),
            "write kubernetes.io/hostname, or the label of your zones");
    else if (value_is_text(key) && !kube_label_key(key->text, &why))
        rule_refused(run, &rule_pod_affinity, &(struct text){key, key->text, FIELD_GIVEN}, &why);
    check_expressions(run, node_get(node_get(term, LIT("labelSelector")), LIT("matchExpressions")), false);
    check_expressions(run, node_get(node_get(term, LIT("namespaceSelector")), LIT("matchExpressions")),
                      false);
}

static void check_pod_affinity(struct rule_run *run, const struct node *affinity)
{
    const struct node *required = node_get(affinity, LIT("requiredDuringSchedulingIgnoredDuringExecution")),
                      *preferred = node_get(affinity, LIT("preferredDuringSchedulingIgnoredDuringExecution"));
    for (const struct node *t = node_first(required); t; t = node_next(t))
        check_pod_term(run, t);
    for (const struct node *t = node_first(preferred); t; t = node_next(t)) {
        check_weight(run, t);
        check_pod_term(run, node_get(t, LIT("podAffinityTerm")));
    }
}

static void pod_affinity(struct rule_run *run, const struct job_spec *job)
{
    const struct node *affinity = job->affinity.node;
    check_node_affinity(run, node_get(affinity, LIT("nodeAffinity")));
    check_pod_affinity(run, node_get(affinity, LIT("podAffinity")));
    check_pod_affinity(run, node_get(affinity, LIT("podAntiAffinity")));
}

void check_affinity(struct rule_run *run, const struct job_spec *job)
{
    run_checks(run, job);
}
