#include "defaults.h"

static void add_text(struct arena *a, struct node *object, const char *key, slice value)
{
    struct node *n = node_new(a, NODE_STRING, NODE_DEFAULTED);
    n->key = slice_of(key);
    n->text = value;
    node_append(object, n);
}

static slice text_at(const struct node *object, const char *key)
{
    const struct node *n = node_get(object, slice_of(key));
    return n && n->kind == NODE_STRING ? n->text : (slice){0};
}

/* Storage classes and ACLs of AWS break uploads to other providers. What the operator fills in at run time,
 * shown. [operator: pkg/controllers/br/manager/util: STANDARD_IA, private; ceph endpoints get http://] */
static void default_s3(struct arena *a, struct node *s3)
{
    slice provider = text_at(s3, "provider"), endpoint = text_at(s3, "endpoint");
    if (slice_eq(provider, LIT("aws"))) {
        if (!node_get(s3, LIT("acl")))
            add_text(a, s3, "acl", LIT("private"));
        if (!node_get(s3, LIT("storageClass")))
            add_text(a, s3, "storageClass", LIT("STANDARD_IA"));
    }
    if (slice_eq(provider, LIT("ceph")) && endpoint.n && slice_find(endpoint, LIT("://")) == SLICE_NONE &&
        slice_find(endpoint, LIT("${")) == SLICE_NONE) {
        node_get(s3, LIT("endpoint"))->flags |= NODE_DROPPED;
        add_text(a, s3, "endpoint", arena_fmt(a, "http://%.*s", FMT(endpoint)));
    }
}

/* A snapshot Backup without a policy stays in Running for ever when its pod dies without a word: the operator
 * v2 fails on the empty durations. The values are the CRD's own. */
static void default_retry(struct arena *a, struct node *spec)
{
    struct node *policy = node_new(a, NODE_OBJECT, NODE_DEFAULTED),
                *times = node_new(a, NODE_INT, NODE_DEFAULTED);
    add_text(a, policy, "minRetryDuration", LIT("300s"));
    times->key = LIT("maxRetryTimes");
    times->text = LIT("2");
    times->integer = 2;
    node_append(policy, times);
    add_text(a, policy, "retryTimeout", LIT("30m"));
    policy->key = LIT("backoffRetryPolicy");
    node_append(spec, policy);
}

static bool unchanged(const struct node *spec, const struct node *old_spec, const char *block)
{
    const struct node *now = node_get(spec, slice_of(block)), *before = node_get(old_spec, slice_of(block));
    return now && before ? node_equal(now, before) : now == before;
}

static void default_job(struct arena *a, struct node *spec, bool update, const struct node *old_spec)
{
    struct node *s3 = node_get(spec, LIT("s3"));
    if (s3 && s3->kind == NODE_OBJECT && !(update && unchanged(spec, old_spec, "s3")))
        default_s3(a, s3);
}

static void default_backup(struct arena *a, struct node *spec, bool update, const struct node *old_spec)
{
    if (!spec || spec->kind != NODE_OBJECT)
        return;
    default_job(a, spec, update, old_spec);
    slice mode = text_at(spec, "backupMode");
    bool snapshot = mode.n ? slice_eq(mode, LIT("snapshot")) : !node_get(spec, LIT("backupMode"));
    if (snapshot && !node_get(spec, LIT("backoffRetryPolicy")) &&
        !(update && unchanged(spec, old_spec, "backoffRetryPolicy")))
        default_retry(a, spec);
}

void defaults_apply(struct arena *a, enum object_kind kind, struct node *root, const struct node *old_root)
{
    static const char *const templates[] = {"backupTemplate", "logBackupTemplate"};
    struct node *spec = node_get(root, LIT("spec"));
    const struct node *old_spec = node_get(old_root, LIT("spec"));
    if (!spec || spec->kind != NODE_OBJECT)
        return;
    if (kind == KIND_BACKUP)
        default_backup(a, spec, old_root != NULL, old_spec);
    if (kind == KIND_COMPACT_BACKUP)
        default_job(a, spec, old_root != NULL, old_spec);
    if (kind != KIND_BACKUP_SCHEDULE)
        return;
    for (size_t i = 0; i < 2; i++)
        default_backup(a, node_get(spec, slice_of(templates[i])), old_root != NULL,
                       node_get(old_spec, slice_of(templates[i])));
    struct node *compact = node_get(spec, LIT("compactBackupTemplate"));
    if (compact && compact->kind == NODE_OBJECT)
        default_job(a, compact, old_root != NULL, node_get(old_spec, LIT("compactBackupTemplate")));
}
