/* The defaults: which values are added, and where. */
#include "defaults.h"

#include "model.h"

static void add_text(struct arena *a, struct node *object, const char *key, slice value)
{
    struct node *n = node_new(a, NODE_STRING, NODE_DEFAULTED);
    n->key = slice_of(key);
    n->text = value;
    node_append(object, n);
}

/* The object that is being completed, and which defaults. */
struct filling {
    struct arena *arena;
    bool documented;
    enum api_group group;
    bool update;
};

/* The operator gives these two to rclone, which copies what Dumpling has written, in the environment of the
 * pod. BR reads only the stored object, and sends its values. [operator: generateS3CertEnvVar(), on a
 * copy of the object; newS3StorageOption() of the backup manager] */
static void default_aws(struct arena *a, struct node *s3)
{
    if (!node_get(s3, LIT("acl")))
        add_text(a, s3, "acl", LIT("private"));
    if (!node_get(s3, LIT("storageClass")))
        add_text(a, s3, "storageClass", LIT("STANDARD_IA"));
}

/* The operator would complete the endpoint of ceph, but refuses one without a scheme before it comes to that.
 * [operator: validateS3(), generateS3CertEnvVar()] */
static void default_ceph(struct arena *a, struct node *s3)
{
    slice endpoint = node_text_at(s3, "endpoint");
    if (!endpoint.n || slice_find(endpoint, LIT("://")) != SLICE_NONE ||
        slice_find(endpoint, LIT("${")) != SLICE_NONE)
        return;
    node_get(s3, LIT("endpoint"))->flags |= NODE_DROPPED;
    add_text(a, s3, "endpoint", arena_fmt(a, "http://%.*s", FMT(endpoint)));
}

/* Neither of them may reach another provider, whose uploads they break. */
static void default_s3(const struct filling *f, struct node *s3, bool dumpling)
{
    slice provider = node_text_at(s3, "provider");
    if (slice_eq(provider, LIT("aws")) && (dumpling || f->documented))
        default_aws(f->arena, s3);
    if (slice_eq(provider, LIT("ceph")) && f->documented)
        default_ceph(f->arena, s3);
}

/* A snapshot Backup without a policy stays in Running forever when its pod dies without reporting: operator v2
 * fails on the empty durations. Operator v1 writes the object back through a type that always has the block,
 * and so gets these values from the CRD. */
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

static bool unchanged(const struct filling *f, const struct node *spec, const struct node *old_spec,
                      const char *block)
{
    const struct node *now = node_get(spec, slice_of(block)), *before = node_get(old_spec, slice_of(block));
    return f->update && (now && before ? node_equal(now, before) : now == before);
}

static void default_job(const struct filling *f, struct node *spec, const struct node *old_spec,
                        bool compaction)
{
    bool dumpling = !compaction && backup_is_dumpling(f->group, spec);
    struct node *s3 = node_get(spec, LIT("s3"));
    if (s3 && s3->kind == NODE_OBJECT && !unchanged(f, spec, old_spec, "s3"))
        default_s3(f, s3, dumpling);
}

static void default_backup(const struct filling *f, struct node *spec, const struct node *old_spec)
{
    default_job(f, spec, old_spec, false);
    slice mode = node_text_at(spec, "backupMode");
    bool snapshot = mode.n ? slice_eq(mode, LIT("snapshot")) : !node_get(spec, LIT("backupMode"));
    if (snapshot && !node_get(spec, LIT("backoffRetryPolicy")) &&
        !unchanged(f, spec, old_spec, "backoffRetryPolicy"))
        default_retry(f->arena, spec);
}

static struct node *object_at(const struct node *parent, const char *key)
{
    struct node *n = node_get(parent, slice_of(key));
    return n && n->kind == NODE_OBJECT ? n : NULL;
}

static void default_schedule(const struct filling *f, struct node *spec, const struct node *old_spec)
{
    static const char *const templates[] = {"backupTemplate", "logBackupTemplate"};
    for (size_t i = 0; i < 2; i++) {
        struct node *template = object_at(spec, templates[i]);
        if (template)
            default_backup(f, template, node_get(old_spec, slice_of(templates[i])));
    }
    struct node *compact = object_at(spec, "compactBackupTemplate");
    if (compact)
        default_job(f, compact, node_get(old_spec, LIT("compactBackupTemplate")), true);
}

void defaults_apply(struct arena *a, bool documented, const struct resource *object, struct node *root,
                    const struct node *old_root)
{
    struct filling f = {a, documented, object->group, old_root != NULL};
    struct node *spec = object_at(root, "spec");
    const struct node *old_spec = node_get(old_root, LIT("spec"));
    if (!spec)
        return;
    switch (object->kind) {
    case KIND_BACKUP:
        default_backup(&f, spec, old_spec);
        return;
    case KIND_BACKUP_SCHEDULE:
        default_schedule(&f, spec, old_spec);
        return;
    case KIND_COMPACT_BACKUP:
        default_job(&f, spec, old_spec, true);
        return;
    }
}
