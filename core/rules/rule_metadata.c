/* The API server's metadata checks, for objects that it has not seen yet.
 * [apimachinery: pkg/api/validation/objectmeta.go] */
#include "checks.h"

#include "kube_name.h"
#include "timestamp.h"

#define SUBJECT struct metadata
#define RULES   "rule_metadata.def"
#include "rule_table.h"

/* Keys and values have no field of the model. */
static void refused_value(struct rule_run *run, const struct rule *rule, const struct node *n,
                          const struct refusal *refusal)
{
    const struct text field = {n, node_text(n), FIELD_GIVEN};
    rule_refused(run, rule, &field, refusal);
}

static void refused_key(struct rule_run *run, const struct rule *rule, const struct node *n,
                        const struct refusal *refusal)
{
    if (findings_full(run->findings, rule))
        return;
    struct buf key = buf_new(run->arena, 2 * n->key.n + 64);
    buf_quote(&key, n->key);
    struct finding *x = finding_at(run->findings, rule, FIELD_INVALID, at_key(n), "%.*s: %s",
                                   FMT(buf_slice(&key)), refusal->why);
    if (refusal->hint[0])
        finding_hint(x, "%s", refusal->hint);
}

/* ---- names ---- */

/* Five characters come behind it: a hyphen at the end is fine. */
static bool generate_name_fits(struct rule_run *run, slice name, struct refusal *refusal)
{
    if (name.n > 1 && name.p[name.n - 1] == '-')
        name = arena_fmt(run->arena, "%.*sa", FMT(slice_cut(name, 0, name.n - 2)));
    return kube_subdomain(name, refusal);
}

static void refused_name(struct rule_run *run, const struct text *name, const struct refusal *refusal)
{
    struct finding *x = rule_refused(run, &rule_metadata_name, name, refusal);
    if (!text_is_placeholder(name->value))
        return;
    finding_edit(x, at_value(name->node), (slice){0});
    finding_hint(x, "it is a placeholder: write the real name");
}

static void check_name(struct rule_run *run, const struct text *t, bool (*check)(slice, struct refusal *))
{
    if (!text_given(t) || check(t->value, NULL))
        return;
    struct refusal refusal = {0};
    check(t->value, &refusal);
    refused_name(run, t, &refusal);
}

static void metadata_name(struct rule_run *run, const struct metadata *m)
{
    if (m->node && text_empty(&m->name) && text_empty(&m->generate_name))
        finding_at(run->findings, &rule_metadata_name, FIELD_REQUIRED, at_member(m->node, "name"),
                   "name or generateName is required");
    check_name(run, &m->name, kube_subdomain);
    if (text_given(&m->generate_name)) {
        struct refusal refusal = {0};
        if (!generate_name_fits(run, m->generate_name.value, &refusal))
            refused_name(run, &m->generate_name, &refusal);
    }
    check_name(run, &m->namespace, kube_label);
}

/* ---- labels and the like ---- */

static void metadata_labels(struct rule_run *run, const struct metadata *m)
{
    for (const struct node *n = node_first(m->labels.node); n; n = node_next(n)) {
        struct refusal refusal = {0};
        if (!kube_label_key(n->key, &refusal))
            refused_key(run, &rule_metadata_labels, n, &refusal);
        refusal = (struct refusal){0};
        if (value_is_text(n) && !kube_label_value(n->text, &refusal))
            refused_value(run, &rule_metadata_labels, n, &refusal);
    }
}

static void metadata_annotations(struct rule_run *run, const struct metadata *m)
{
    size_t total = 0;
    for (const struct node *n = node_first(m->annotations.node); n; n = node_next(n)) {
        struct refusal refusal = {0};
        if (!kube_annotation_key(n->key, &refusal))
            refused_key(run, &rule_metadata_annotations, n, &refusal);
        total += n->key.n + (n->kind == NODE_STRING ? n->text.n : 0);
    }
    if (total <= KUBE_ANNOTATIONS_BYTES)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_metadata_annotations, FIELD_TOO_LONG, at_key(m->annotations.node),
                   "may not be more than %d bytes, these are %zu", KUBE_ANNOTATIONS_BYTES, total);
    finding_hint(x, "keep large texts in a ConfigMap");
}

/* The finalizer of that name; NULL when there is none. */
static const struct node *finalizer(const struct metadata *m, slice name)
{
    for (const struct node *n = node_first(m->finalizers.node); n; n = node_next(n))
        if (value_is_text(n) && slice_eq(n->text, name))
            return n;
    return NULL;
}

static void metadata_finalizers(struct rule_run *run, const struct metadata *m)
{
    const struct node *orphan = finalizer(m, LIT("orphan"));
    if (orphan && finalizer(m, LIT("foregroundDeletion"))) {
        struct finding *x =
            finding_at(run->findings, &rule_metadata_finalizers, FIELD_INVALID, at_value(orphan),
                       "\"orphan\": finalizer orphan and foregroundDeletion cannot be both set");
        finding_hint(
            x, "remove one of them: orphan keeps the dependents, foregroundDeletion deletes them first");
    }
    for (const struct node *n = node_first(m->finalizers.node); n; n = node_next(n)) {
        struct refusal refusal = {0};
        bool is_name =
            value_is_text(n) || (value_usable(n) && n->kind == NODE_NULL); /* null is the empty name */
        if (is_name && !kube_label_key(node_text(n), &refusal))
            refused_value(run, &rule_metadata_finalizers, n, &refusal);
    }
}

/* The operators copy labels to the Job and its pod, where the API server sets these itself and refuses others' values.
 * [kubernetes: pkg/apis/batch/validation, ValidateGeneratedSelector; recorded from the operators] */
static void job_label(struct rule_run *run, const struct metadata *m)
{
    static const slice reserved[] = {SLICE("job-name"), SLICE("controller-uid"),
                                     SLICE("batch.kubernetes.io/job-name"),
                                     SLICE("batch.kubernetes.io/controller-uid")};
    for (const struct node *n = node_first(m->labels.node); n; n = node_next(n)) {
        if (!slice_among(n->key, reserved, COUNT(reserved)))
            continue;
        struct finding *x = finding_at(run->findings, &rule_job_label, FIELD_FORBIDDEN, at_key(n),
                                       "the operator copies this label to the Job, where it is reserved: the "
                                       "API server refuses the Job");
        finding_hint(x, "use another key");
    }
}

static void owner_member(struct rule_run *run, const struct node *owner, const char *name, const char *why)
{
    const struct node *n = node_get(owner, slice_of(name));
    if (value_is_text(n))
        finding_at(run->findings, &rule_metadata_owners, FIELD_INVALID, at_value(n), "%.*s: %s",
                   FMT(node_value(run->arena, n)), why);
}

/* The version follows the slash; with two slashes the server finds neither group nor version. */
static bool has_version(slice api_version)
{
    size_t slash = slice_find_char(api_version, '/');
    slice behind = slash == SLICE_NONE ? api_version : slice_from(api_version, slash + 1);
    return behind.n && slice_find_char(behind, '/') == SLICE_NONE;
}

static void check_owner(struct rule_run *run, const struct node *owner)
{
    static const char *const members[] = {"kind", "name", "uid"};
    slice version = node_text(node_get(owner, LIT("apiVersion"))),
          kind = node_text(node_get(owner, LIT("kind")));
    if (!has_version(version))
        owner_member(run, owner, "apiVersion", "version must not be empty");
    for (size_t i = 0; i < COUNT(members); i++)
        if (!node_text(node_get(owner, slice_of(members[i]))).n)
            owner_member(run, owner, members[i], "must not be empty");
    if ((slice_eq(version, LIT("v1")) || slice_eq(version, LIT("/v1"))) && slice_eq(kind, LIT("Event")))
        owner_member(run, owner, "kind", "an Event is disallowed from being an owner");
}

static void metadata_owners(struct rule_run *run, const struct metadata *m)
{
    const struct node *controller = NULL;
    for (const struct node *n = node_first(m->owner_references.node); n; n = node_next(n)) {
        if (!value_usable(n))
            continue;
        if (n->kind == NODE_NULL) {
            finding_at(run->findings, &rule_metadata_owners, FIELD_INVALID, at_value(n),
                       "null: must not be empty");
            continue;
        }
        check_owner(run, n);
        const struct node *flag = node_get(n, LIT("controller"));
        if (!value_usable(flag) || flag->kind != NODE_BOOL || !flag->boolean)
            continue;
        if (controller)
            finding_at(run->findings, &rule_metadata_owners, FIELD_INVALID, at_value(flag),
                       "true: only one reference can have controller set to true");
        controller = flag;
    }
}

static void check_metadata_time(struct rule_run *run, const struct text *t)
{
    struct refusal refusal = {0};
    if (t->state != FIELD_GIVEN || timestamp_kube_takes(t->value, &refusal))
        return;
    struct finding *x = rule_refused(run, &rule_metadata_timestamp, t, &refusal);
    finding_hint(x, "remove it: the API server sets it");
}

static void metadata_timestamp(struct rule_run *run, const struct metadata *m)
{
    check_metadata_time(run, &m->creation_timestamp);
    check_metadata_time(run, &m->deletion_timestamp);
    for (const struct node *n = node_first(m->managed_fields.node); n; n = node_next(n)) {
        const struct node *time = value_usable(n) ? node_get(n, LIT("time")) : NULL;
        struct text text = {time, node_text(time), FIELD_GIVEN};
        if (value_is_text(time))
            check_metadata_time(run, &text);
    }
}

/* ---- the object ---- */

static void deprecated_group(struct rule_run *run, const struct metadata *m)
{
    const struct node *version = node_get(run->object->root, LIT("apiVersion"));
    (void)m;
    if (run->object->group != GROUP_PINGCAP)
        return;
    struct finding *x = finding_at(run->findings, &rule_deprecated_group, FIELD_NONE, at_value(version),
                                   "pingcap.com is the group of TiDB Operator v1");
    finding_edit(x, at_value(version), LIT("br.pingcap.com/v1alpha1"));
    finding_hint(x, "for TiDB Operator v2 write br.pingcap.com/v1alpha1");
}

void check_metadata(struct rule_run *run, const struct metadata *m)
{
    run_checks(run, m);
}
