/* Where a backup's data lies: what may not change once there is data. */
#include "rule_backup.h"

static slice without_slashes(slice s)
{
    while (s.n && s.p[0] == '/')
        s = slice_from(s, 1);
    while (s.n && s.p[s.n - 1] == '/')
        s.n--;
    return s;
}

static struct finding *moved(struct rule_run *run, enum rule_id rule, const struct node *now,
                             const struct node *block, const char *name, slice before)
{
    struct finding *x = finding_add(run->findings, rule, FIELD_INVALID, now ? now : block,
                                    "%.*s: field is immutable once the backup has started, was %.*s",
                                    FMT(now ? node_value(run->arena, now) : LIT("null")), FMT(before));
    if (!now) {
        x->at_key = true;
        x->child = slice_of(name);
    }
    finding_hint(run->findings, x,
                 "the next command or cleaning would go to the new place: create a new Backup");
    return x;
}

struct place_field {
    const char *name;
    const struct text *now, *before;
    bool path; /* slashes at the ends do not count */
};

static void compare(struct rule_run *run, enum rule_id rule, const struct node *block,
                    const struct place_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct text *now = fields[i].now, *before = fields[i].before;
        if (now->state == FIELD_UNUSABLE || before->state == FIELD_UNUSABLE)
            continue;
        bool same = fields[i].path ? slice_eq(without_slashes(now->value), without_slashes(before->value))
                                   : slice_eq(now->value, before->value);
        if (!same)
            moved(run, rule, now->node, block, fields[i].name,
                  before->node ? node_value(run->arena, before->node) : LIT("not set"));
    }
}

#define ROW(block, member, name, path)                                                                       \
    {                                                                                                        \
        name, &now->block.member, &before->block.member, path                                                \
    }

static void compare_local(struct rule_run *run, enum rule_id rule, const struct storage *now,
                          const struct storage *before)
{
    const struct place_field fields[] = {ROW(local, mount_path, "volumeMount", false),
                                         ROW(local, prefix, "prefix", true)};
    const struct node *volume = now->local.volume.node, *old = before->local.volume.node;
    if (volume && old && !node_same(volume, old))
        moved(run, rule, volume, now->local.node, "volume", node_value(run->arena, old));
    compare(run, rule, now->local.node, fields, 2);
}

/* Credentials, storage classes and the like may change: they do not say where the data lies. */
void judge_moved(struct rule_run *run, enum rule_id rule, const struct storage *now,
                 const struct storage *before)
{
    const struct place_field s3[] = {ROW(s3, provider, "provider", false),
                                     ROW(s3, endpoint, "endpoint", true), ROW(s3, bucket, "bucket", true),
                                     ROW(s3, prefix, "prefix", true)};
    const struct place_field gcs[] = {ROW(gcs, bucket, "bucket", true), ROW(gcs, prefix, "prefix", true)};
    const struct place_field azblob[] = {ROW(azblob, container, "container", true),
                                         ROW(azblob, prefix, "prefix", true)};
    if (now->used == STORAGE_NONE || before->used == STORAGE_NONE)
        return;
    if (now->used != before->used) {
        struct finding *x = finding_add(run->findings, rule, FIELD_FORBIDDEN, storage_node(now),
                                        "field is immutable once the backup has started, was %s",
                                        storage_type_name(before->used));
        x->at_key = true;
        finding_hint(run->findings, x, "create a new Backup");
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
