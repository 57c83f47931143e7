/* The metadata checks that the API server makes of every object, for those that it has not seen yet.
 * [apimachinery: pkg/api/validation/objectmeta.go] */
#include "rule.h"

#include "kube_name.h"

/* A refusal of a key or value, which has no field of the model. */
static void refused(struct rule_run *run, enum rule_id rule, const struct node *n, bool at_key,
                    const struct refusal *refusal)
{
    struct text field = {n, at_key ? n->key : n->text, FIELD_GIVEN};
    struct finding *x;
    if (!at_key) {
        rule_refused(run, rule, &field, refusal);
        return;
    }
    struct buf key = buf_new(run->arena, 2 * n->key.n + 64);
    buf_quote(&key, n->key);
    x = finding_add(run->findings, rule, FIELD_INVALID, n, "%.*s: %s", FMT(buf_slice(&key)), refusal->why);
    x->at_key = true;
    if (refusal->hint[0])
        finding_hint(run->findings, x, "%s", refusal->hint);
}

/* ---- names ---- */

/* Five characters come behind it: a hyphen at the end is fine. */
static bool generate_name_fits(struct rule_run *run, slice name, struct refusal *refusal)
{
    if (name.n > 1 && name.p[name.n - 1] == '-')
        name = arena_fmt(run->arena, "%.*sa", FMT(slice_cut(name, 0, name.n - 2)));
    return kube_subdomain(name, refusal);
}

static void judge_names(struct rule_run *run, const struct metadata *m)
{
    struct refusal refusal = {0};
    if (text_empty(&m->name) && text_empty(&m->generate_name))
        rule_missing(run, RULE_metadata_name, m->node, "name", &m->name, "name or generateName is required");
    if (text_given(&m->name) && !kube_subdomain(m->name.value, &refusal))
        rule_refused(run, RULE_metadata_name, &m->name, &refusal);
    refusal = (struct refusal){0};
    if (text_given(&m->generate_name) && !generate_name_fits(run, m->generate_name.value, &refusal))
        rule_refused(run, RULE_metadata_name, &m->generate_name, &refusal);
    refusal = (struct refusal){0};
    if (text_given(&m->namespace) && !kube_label(m->namespace.value, &refusal))
        rule_refused(run, RULE_metadata_name, &m->namespace, &refusal);
}

/* ---- labels and the like ---- */

static bool is_usable_text(const struct node *n)
{
    return n->kind == NODE_STRING && !(n->flags & (NODE_BAD | NODE_PLACEHOLDER));
}

static void judge_labels(struct rule_run *run, const struct metadata *m)
{
    for (const struct node *n = node_first(m->labels.node); n; n = node_next(n)) {
        struct refusal refusal = {0};
        if (!kube_label_key(n->key, &refusal))
            refused(run, RULE_metadata_labels, n, true, &refusal);
        refusal = (struct refusal){0};
        if (is_usable_text(n) && !kube_label_value(n->text, &refusal))
            refused(run, RULE_metadata_labels, n, false, &refusal);
    }
}

static void judge_annotations(struct rule_run *run, const struct metadata *m)
{
    size_t total = 0;
    for (const struct node *n = node_first(m->annotations.node); n; n = node_next(n)) {
        struct refusal refusal = {0};
        if (!kube_annotation_key(n->key, &refusal))
            refused(run, RULE_metadata_annotations, n, true, &refusal);
        total += n->key.n + (n->kind == NODE_STRING ? n->text.n : 0);
    }
    if (total <= KUBE_ANNOTATIONS_BYTES)
        return;
    struct finding *x =
        finding_add(run->findings, RULE_metadata_annotations, FIELD_TOO_LONG, m->annotations.node,
                    "may not be more than %d bytes, these are %zu", KUBE_ANNOTATIONS_BYTES, total);
    x->at_key = true;
    finding_hint(run->findings, x, "keep large texts in a ConfigMap");
}

static void judge_finalizers(struct rule_run *run, const struct metadata *m)
{
    for (const struct node *n = node_first(m->finalizers.node); n; n = node_next(n)) {
        struct refusal refusal = {0};
        if (is_usable_text(n) && !kube_label_key(n->text, &refusal))
            refused(run, RULE_metadata_finalizers, n, false, &refusal);
    }
}

/* ---- the object ---- */

static void deprecated_group(struct rule_run *run)
{
    if (run->object->group != GROUP_PINGCAP)
        return;
    struct finding *x =
        finding_say(run->findings, RULE_deprecated_group, node_get(run->object->root, LIT("apiVersion")),
                    "pingcap.com is the group of TiDB Operator v1");
    x->suggested = LIT("br.pingcap.com/v1alpha1");
    finding_hint(run->findings, x, "for TiDB Operator v2 write br.pingcap.com/v1alpha1");
}

void judge_metadata(struct rule_run *run)
{
    const struct metadata *m = &run->object->metadata;
    deprecated_group(run);
    if (!m->node)
        return;
    judge_names(run, m);
    judge_labels(run, m);
    judge_annotations(run, m);
    judge_finalizers(run, m);
}
