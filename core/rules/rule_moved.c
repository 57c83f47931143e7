/* Where a backup's data lies: what may not change once there is data. */
#include "rule_transition.h"

static slice without_slashes(slice s)
{
    while (s.n && s.p[0] == '/')
        s = slice_from(s, 1);
    while (s.n && s.p[s.n - 1] == '/')
        s.n--;
    return s;
}

static void report_moved(struct rule_run *run, const struct rule *rule, const struct node *block,
                         const char *name, const struct node *now, slice before)
{
    struct finding *x = finding_at(run->findings, rule, FIELD_INVALID,
                                   now ? at_value(now) : at_missing(block, slice_of(name)),
                                   "%.*s: field is immutable once the backup has started, was %.*s",
                                   FMT(now ? node_value(run->arena, now) : LIT("null")), FMT(before));
    finding_hint(x, "the next command or cleanup would go to the new place: create a new Backup");
}

struct moved_field {
    const char *name;
    const struct text *now, *before;
    bool path; /* slashes at the ends do not count */
};

static void compare(struct rule_run *run, const struct rule *rule, const struct node *block,
                    const struct moved_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct text *now = fields[i].now, *before = fields[i].before;
        if (now->state == FIELD_UNUSABLE || before->state == FIELD_UNUSABLE)
            continue;
        bool same = fields[i].path ? slice_eq(without_slashes(now->value), without_slashes(before->value))
                                   : slice_eq(now->value, before->value);
        if (!same)
            report_moved(run, rule, block, fields[i].name, now->node,
                         before->node ? node_value(run->arena, before->node) : LIT("not set"));
    }
}

#define ROW(block, member, name, path)                                                                       \
    {                                                                                                        \
        name, &now->block.member, &before->block.member, path                                                \
    }

static void compare_local(struct rule_run *run, const struct rule *rule, const struct storage *now,
                          const struct storage *before)
{
    const struct moved_field fields[] = {ROW(local, mount_path, "volumeMount", false),
                                         ROW(local, prefix, "prefix", true)};
    const struct node *volume = now->local.volume.node, *old = before->local.volume.node;
    if (volume && old && !node_same(volume, old))
        report_moved(run, rule, now->local.node, "volume", volume, node_value(run->arena, old));
    compare(run, rule, now->local.node, fields, 2);
}

/* Credentials, storage classes and the like may change: they do not say where the data lies. */
void check_moved(struct rule_run *run, const struct rule *rule, const struct storage *now,
                 const struct storage *before)
{
    const struct moved_field s3[] = {ROW(s3, provider, "provider", false),
                                     ROW(s3, endpoint, "endpoint", true), ROW(s3, bucket, "bucket", true),
                                     ROW(s3, prefix, "prefix", true)};
    const struct moved_field gcs[] = {ROW(gcs, bucket, "bucket", true), ROW(gcs, prefix, "prefix", true)};
    const struct moved_field azblob[] = {ROW(azblob, container, "container", true),
                                         ROW(azblob, prefix, "prefix", true)};
    if (now->used == STORAGE_NONE || before->used == STORAGE_NONE)
        return;
    if (now->used != before->used) {
        struct finding *x = finding_at(run->findings, rule, FIELD_FORBIDDEN, at_key(storage_node(now)),
                                       "field is immutable once the backup has started, was %s",
                                       storage_type_name(before->used));
        finding_hint(x, "create a new Backup");
        return;
    }
    switch (now->used) {
    case STORAGE_S3:
        compare(run, rule, now->s3.node, s3, 4);
        break;
    case STORAGE_GCS:
        compare(run, rule, now->gcs.node, gcs, 2);
        break;
    case STORAGE_AZBLOB:
        compare(run, rule, now->azblob.node, azblob, 2);
        break;
    default:
        compare_local(run, rule, now, before);
    }
}
