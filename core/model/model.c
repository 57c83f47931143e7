/* Decodes the tree into the structs, by tables with one row per field. */
#include "model.h"

#include "duration.h"

#include <stddef.h>

enum field_type { TEXT, NUMBER, FLAG, BLOCK, DURATION, TIMESTAMP };

struct field {
    slice name;
    enum field_type type;
    size_t offset;
};

#define FIELD(struct_name, member, field_name, type)                                                         \
    {                                                                                                        \
        SLICE(field_name), type, offsetof(struct struct_name, member)                                        \
    }
static enum field_state state_of(const struct node *n)
{
    if (!n)
        return FIELD_ABSENT;
    if (n->flags & NODE_PLACEHOLDER)
        return FIELD_PLACEHOLDER;
    return n->flags & NODE_BAD ? FIELD_UNUSABLE : FIELD_GIVEN;
}

static enum field_state state_as(const struct node *n, enum node_kind kind)
{
    enum field_state state = state_of(n);
    return state == FIELD_GIVEN && n->kind != kind ? FIELD_UNUSABLE : state;
}

static struct text text_of(const struct node *n)
{
    enum field_state state = state_as(n, NODE_STRING);
    return (struct text){n, state == FIELD_GIVEN ? n->text : (slice){0}, state};
}

static struct number number_of(const struct node *n)
{
    enum field_state state = state_of(n);
    if (state == FIELD_GIVEN && n->kind == NODE_FLOAT)
        return (struct number){n, (int64_t)n->real, state}; /* the schema let it pass: it is integral */
    state = state_as(n, NODE_INT);
    return (struct number){n, state == FIELD_GIVEN ? n->integer : 0, state};
}

static struct flag flag_of(const struct node *n)
{
    enum field_state state = state_as(n, NODE_BOOL);
    return (struct flag){n, state == FIELD_GIVEN && n->boolean, state};
}

static struct block block_of(const struct node *n)
{
    enum field_state state = state_of(n);
    if (state == FIELD_GIVEN && n->kind != NODE_OBJECT && n->kind != NODE_ARRAY)
        state = FIELD_UNUSABLE;
    return (struct block){state == FIELD_GIVEN ? n : NULL, state};
}

static struct duration_field duration_of(const struct node *n)
{
    struct duration_field d = {.text = text_of(n)};
    d.ok = text_given(&d.text) && duration_parse(d.text.value, &d.ns, NULL);
    return d;
}

static struct timestamp_field timestamp_of(const struct node *n)
{
    struct timestamp_field t = {.text = text_of(n)};
    t.ok = text_given(&t.text) && timestamp_parse(t.text.value, &t.value, NULL);
    return t;
}

static void decode_field(const struct node *n, enum field_type type, void *at)
{
    switch (type) {
    case TEXT:
        *(struct text *)at = text_of(n);
        break;
    case NUMBER:
        *(struct number *)at = number_of(n);
        break;
    case FLAG:
        *(struct flag *)at = flag_of(n);
        break;
    case BLOCK:
        *(struct block *)at = block_of(n);
        break;
    case DURATION:
        *(struct duration_field *)at = duration_of(n);
        break;
    case TIMESTAMP:
        *(struct timestamp_field *)at = timestamp_of(n);
        break;
    }
}

/* Fields that are absent keep their zeroes, which say so. */
static void decode(const struct node *object, const struct field *fields, size_t count, void *ret_struct)
{
    for (const struct node *n = node_first(object); n; n = node_next(n)) {
        for (size_t i = 0; i < count; i++) {
            if (!slice_eq(fields[i].name, n->key))
                continue;
            decode_field(n, fields[i].type, (char *)ret_struct + fields[i].offset);
            break;
        }
    }
}

/* A block that is there and usable, or NULL. */
static const struct node *usable(const struct node *parent, const char *name)
{
    const struct node *n = node_get(parent, slice_of(name));
    return state_of(n) == FIELD_GIVEN ? n : NULL;
}

/* ---- storage ---- */

static void decode_s3(const struct node *n, struct s3 *s)
{
    static const struct field fields[] = {
        FIELD(s3, provider, "provider", TEXT),
        FIELD(s3, region, "region", TEXT),
        FIELD(s3, bucket, "bucket", TEXT),
        FIELD(s3, prefix, "prefix", TEXT),
        FIELD(s3, path, "path", TEXT),
        FIELD(s3, endpoint, "endpoint", TEXT),
        FIELD(s3, storage_class, "storageClass", TEXT),
        FIELD(s3, acl, "acl", TEXT),
        FIELD(s3, secret_name, "secretName", TEXT),
        FIELD(s3, sse, "sse", TEXT),
        FIELD(s3, force_path_style, "forcePathStyle", FLAG),
        FIELD(s3, options, "options", BLOCK),
    };
    s->node = n;
    decode(n, fields, COUNT(fields), s);
}

static void decode_gcs(const struct node *n, struct gcs *g)
{
    static const struct field fields[] = {
        FIELD(gcs, project_id, "projectId", TEXT),
        FIELD(gcs, location, "location", TEXT),
        FIELD(gcs, bucket, "bucket", TEXT),
        FIELD(gcs, prefix, "prefix", TEXT),
        FIELD(gcs, path, "path", TEXT),
        FIELD(gcs, storage_class, "storageClass", TEXT),
        FIELD(gcs, object_acl, "objectAcl", TEXT),
        FIELD(gcs, bucket_acl, "bucketAcl", TEXT),
        FIELD(gcs, secret_name, "secretName", TEXT),
    };
    g->node = n;
    decode(n, fields, COUNT(fields), g);
}

static void decode_azblob(const struct node *n, struct azblob *z)
{
    static const struct field fields[] = {
        FIELD(azblob, container, "container", TEXT),
        FIELD(azblob, prefix, "prefix", TEXT),
        FIELD(azblob, path, "path", TEXT),
        FIELD(azblob, access_tier, "accessTier", TEXT),
        FIELD(azblob, secret_name, "secretName", TEXT),
        FIELD(azblob, storage_account, "storageAccount", TEXT),
        FIELD(azblob, sas_token, "sasToken", TEXT),
    };
    z->node = n;
    decode(n, fields, COUNT(fields), z);
}

static void decode_local(const struct node *n, struct local *l)
{
    static const struct field fields[] = {
        FIELD(local, volume, "volume", BLOCK),
        FIELD(local, volume_mount, "volumeMount", BLOCK),
        FIELD(local, prefix, "prefix", TEXT),
    };
    l->node = n;
    decode(n, fields, COUNT(fields), l);
    l->volume_name = text_of(node_get(l->volume.node, LIT("name")));
    l->mount_name = text_of(node_get(l->volume_mount.node, LIT("name")));
    l->mount_path = text_of(node_get(l->volume_mount.node, LIT("mountPath")));
}

static void decode_storage(const struct node *spec, struct storage *s)
{
    const struct node *s3 = usable(spec, "s3"), *gcs = usable(spec, "gcs"), *azblob = usable(spec, "azblob"),
                      *local = usable(spec, "local");
    if (s3)
        decode_s3(s3, &s->s3);
    if (gcs)
        decode_gcs(gcs, &s->gcs);
    if (azblob)
        decode_azblob(azblob, &s->azblob);
    if (local)
        decode_local(local, &s->local);
    s->count = (unsigned)((s3 != NULL) + (gcs != NULL) + (azblob != NULL) + (local != NULL));
    s->used = s3       ? STORAGE_S3
              : gcs    ? STORAGE_GCS
              : azblob ? STORAGE_AZBLOB
              : local  ? STORAGE_LOCAL
                       : STORAGE_NONE;
}

/* ---- specs ---- */

static void decode_br(const struct node *n, struct br *b)
{
    static const struct field fields[] = {
        FIELD(br, cluster, "cluster", TEXT),
        FIELD(br, cluster_namespace, "clusterNamespace", TEXT),
        FIELD(br, db, "db", TEXT),
        FIELD(br, table, "table", TEXT),
        FIELD(br, log_level, "logLevel", TEXT),
        FIELD(br, status_addr, "statusAddr", TEXT),
        FIELD(br, time_ago, "timeAgo", DURATION),
        FIELD(br, concurrency, "concurrency", NUMBER),
        FIELD(br, rate_limit, "rateLimit", NUMBER),
        FIELD(br, checksum, "checksum", FLAG),
        FIELD(br, check_requirements, "checkRequirements", FLAG),
        FIELD(br, send_cred_to_tikv, "sendCredToTikv", FLAG),
        FIELD(br, on_line, "onLine", FLAG),
        FIELD(br, options, "options", BLOCK),
    };
    b->node = n;
    decode(n, fields, COUNT(fields), b);
}

static void decode_job(const struct node *spec, enum job_role role, struct job_spec *job)
{
    static const struct field fields[] = {
        FIELD(job_spec, service_account, "serviceAccount", TEXT),
        FIELD(job_spec, tool_image, "toolImage", TEXT),
        FIELD(job_spec, priority_class_name, "priorityClassName", TEXT),
        FIELD(job_spec, use_kms, "useKMS", FLAG),
        FIELD(job_spec, automount_token, "automountServiceAccountToken", FLAG),
        FIELD(job_spec, env, "env", BLOCK),
        FIELD(job_spec, tolerations, "tolerations", BLOCK),
        FIELD(job_spec, affinity, "affinity", BLOCK),
        FIELD(job_spec, resources, "resources", BLOCK),
        FIELD(job_spec, pod_security_context, "podSecurityContext", BLOCK),
        FIELD(job_spec, image_pull_secrets, "imagePullSecrets", BLOCK),
        FIELD(job_spec, additional_volumes, "additionalVolumes", BLOCK),
        FIELD(job_spec, additional_volume_mounts, "additionalVolumeMounts", BLOCK),
    };
    job->node = spec;
    job->role = role;
    decode(spec, fields, COUNT(fields), job);
    decode_storage(spec, &job->storage);
    const struct node *br = usable(spec, "br");
    if (br)
        decode_br(br, &job->br);
}

static void decode_retry(const struct node *n, struct retry_policy *r)
{
    static const struct field fields[] = {
        FIELD(retry_policy, min_retry_duration, "minRetryDuration", DURATION),
        FIELD(retry_policy, retry_timeout, "retryTimeout", DURATION),
        FIELD(retry_policy, max_retry_times, "maxRetryTimes", NUMBER),
    };
    r->node = n;
    decode(n, fields, COUNT(fields), r);
}

static void decode_clean(const struct node *n, struct clean_option *c)
{
    static const struct field fields[] = {
        FIELD(clean_option, page_size, "pageSize", NUMBER),
        FIELD(clean_option, retry_count, "retryCount", NUMBER),
        FIELD(clean_option, batch_concurrency, "batchConcurrency", NUMBER),
        FIELD(clean_option, routine_concurrency, "routineConcurrency", NUMBER),
    };
    c->node = n;
    decode(n, fields, COUNT(fields), c);
}

static void decode_backup(const struct node *spec, enum backup_role role, struct backup_spec *b)
{
    static const struct field fields[] = {
        FIELD(backup_spec, backup_type, "backupType", TEXT),
        FIELD(backup_spec, backup_mode, "backupMode", TEXT),
        FIELD(backup_spec, clean_policy, "cleanPolicy", TEXT),
        FIELD(backup_spec, log_subcommand, "logSubcommand", TEXT),
        FIELD(backup_spec, storage_class_name, "storageClassName", TEXT),
        FIELD(backup_spec, storage_size, "storageSize", TEXT),
        FIELD(backup_spec, log_stop, "logStop", FLAG),
        FIELD(backup_spec, commit_ts, "commitTs", TIMESTAMP),
        FIELD(backup_spec, log_truncate_until, "logTruncateUntil", TIMESTAMP),
        FIELD(backup_spec, table_filter, "tableFilter", BLOCK),
        FIELD(backup_spec, calc_size_level, "calcSizeLevel", TEXT),
        FIELD(backup_spec, tikv_gc_life_time, "tikvGCLifeTime", TEXT),
        FIELD(backup_spec, federal_phase, "federalVolumeBackupPhase", TEXT),
        FIELD(backup_spec, from, "from", BLOCK),
        FIELD(backup_spec, dumpling, "dumpling", BLOCK),
    };
    b->node = spec;
    b->role = role;
    decode(spec, fields, COUNT(fields), b);
    decode_job(spec, role == ROLE_BACKUP ? JOB_OF_BACKUP : JOB_OF_TEMPLATE, &b->job);
    if (usable(spec, "backoffRetryPolicy"))
        decode_retry(usable(spec, "backoffRetryPolicy"), &b->retry);
    if (usable(spec, "cleanOption"))
        decode_clean(usable(spec, "cleanOption"), &b->clean_option);
    b->from_host = text_of(node_get(b->from.node, LIT("host")));
    b->from_secret_name = text_of(node_get(b->from.node, LIT("secretName")));
    b->is_log = text_given(&b->backup_mode) && slice_eq(b->backup_mode.value, LIT("log"));
    b->is_snapshot = text_empty(&b->backup_mode) ||
                     (text_given(&b->backup_mode) && slice_eq(b->backup_mode.value, LIT("snapshot")));
}

static void decode_compact(const struct node *spec, struct compact_spec *c)
{
    static const struct field fields[] = {
        FIELD(compact_spec, start_ts, "startTs", TIMESTAMP),
        FIELD(compact_spec, end_ts, "endTs", TIMESTAMP),
        FIELD(compact_spec, concurrency, "concurrency", NUMBER),
        FIELD(compact_spec, max_retry_times, "maxRetryTimes", NUMBER),
        FIELD(compact_spec, shard_count, "shardCount", NUMBER),
        FIELD(compact_spec, mode, "mode", TEXT),
        FIELD(compact_spec, physical_file_cache_capacity, "physicalFileCacheCapacity", TEXT),
        FIELD(compact_spec, name, "name", TEXT),
        FIELD(compact_spec, tikv_image, "tikvImage", TEXT),
    };
    c->node = spec;
    decode(spec, fields, COUNT(fields), c);
    decode_job(spec, JOB_OF_COMPACTION, &c->job);
}

static void decode_schedule(const struct node *spec, struct schedule_spec *s)
{
    static const struct field fields[] = {
        FIELD(schedule_spec, schedule, "schedule", TEXT),
        FIELD(schedule_spec, pause, "pause", FLAG),
        FIELD(schedule_spec, max_backups, "maxBackups", NUMBER),
        FIELD(schedule_spec, max_reserved_time, "maxReservedTime", DURATION),
        FIELD(schedule_spec, compact_interval, "compactInterval", DURATION),
        FIELD(schedule_spec, compact_span, "compactSpan", DURATION),
        FIELD(schedule_spec, min_compact_start_ts, "minCompactStartTs", TIMESTAMP),
        FIELD(schedule_spec, storage_class_name, "storageClassName", TEXT),
        FIELD(schedule_spec, storage_size, "storageSize", TEXT),
    };
    s->node = spec;
    decode(spec, fields, COUNT(fields), s);
    s->cron_ok = s->schedule.state == FIELD_GIVEN && cron_parse(s->schedule.value, &s->cron, NULL);
    decode_job(spec, JOB_OF_TEMPLATE, &s->own);
    if (usable(spec, "backupTemplate"))
        decode_backup(usable(spec, "backupTemplate"), ROLE_SNAPSHOT_TEMPLATE, &s->backup_template);
    if (usable(spec, "logBackupTemplate"))
        decode_backup(usable(spec, "logBackupTemplate"), ROLE_LOG_TEMPLATE, &s->log_backup_template);
    if (usable(spec, "compactBackupTemplate"))
        decode_compact(usable(spec, "compactBackupTemplate"), &s->compact_template);
}

/* ---- objects ---- */

static void decode_metadata(const struct node *n, struct metadata *m)
{
    static const struct field fields[] = {
        FIELD(metadata, name, "name", TEXT),
        FIELD(metadata, generate_name, "generateName", TEXT),
        FIELD(metadata, namespace, "namespace", TEXT),
        FIELD(metadata, labels, "labels", BLOCK),
        FIELD(metadata, annotations, "annotations", BLOCK),
        FIELD(metadata, finalizers, "finalizers", BLOCK),
        FIELD(metadata, owner_references, "ownerReferences", BLOCK),
        FIELD(metadata, managed_fields, "managedFields", BLOCK),
        FIELD(metadata, creation_timestamp, "creationTimestamp", TEXT),
        FIELD(metadata, deletion_timestamp, "deletionTimestamp", TEXT),
    };
    m->node = n;
    decode(n, fields, COUNT(fields), m);
    m->deleting = text_given(&m->deletion_timestamp);
}

static void decode_status(const struct node *n, struct backup_status *s)
{
    static const struct field fields[] = {
        FIELD(backup_status, commit_ts, "commitTs", TIMESTAMP),
        FIELD(backup_status, log_checkpoint_ts, "logCheckpointTs", TIMESTAMP),
        FIELD(backup_status, log_success_truncate_until, "logSuccessTruncateUntil", TIMESTAMP),
    };
    s->node = n;
    decode(n, fields, COUNT(fields), s);
    s->phase = text_of(node_get(n, LIT("phase"))).value;
    s->backup_path = text_of(node_get(n, LIT("backupPath"))).value;
    s->sub_statuses = usable(n, "logSubCommandStatuses");
}

enum api_group api_group_of(slice group)
{
    return slice_eq(group, LIT("br.pingcap.com")) ? GROUP_BR : GROUP_PINGCAP;
}

enum resource_kind resource_kind_of(slice kind)
{
    if (slice_eq(kind, LIT("Backup")))
        return KIND_BACKUP;
    return slice_eq(kind, LIT("BackupSchedule")) ? KIND_BACKUP_SCHEDULE : KIND_COMPACT_BACKUP;
}

struct resource resource_decode_head(enum api_group group, enum resource_kind kind, struct node *root)
{
    static const struct backup_spec no_backup;
    static const struct schedule_spec no_schedule;
    static const struct compact_spec no_compact;
    struct resource o = {.group = group,
                         .kind = kind,
                         .root = root,
                         .backup = &no_backup,
                         .schedule = &no_schedule,
                         .compact = &no_compact};
    const struct node *metadata = usable(root, "metadata"), *status = usable(root, "status");
    if (metadata)
        decode_metadata(metadata, &o.metadata);
    if (status && kind == KIND_BACKUP)
        decode_status(status, &o.status);
    if (status && kind == KIND_COMPACT_BACKUP)
        o.compact_state = text_of(node_get(status, LIT("state"))).value;
    return o;
}

const struct resource *resource_decode(struct arena *a, enum api_group group, enum resource_kind kind,
                                       struct node *root)
{
    struct resource *o = ARENA_NEW(a, struct resource);
    *o = resource_decode_head(group, kind, root);
    const struct node *spec = usable(root, "spec");
    if (spec && kind == KIND_BACKUP) {
        struct backup_spec *backup = ARENA_NEW(a, struct backup_spec);
        decode_backup(spec, ROLE_BACKUP, backup);
        o->backup = backup;
    } else if (spec && kind == KIND_BACKUP_SCHEDULE) {
        struct schedule_spec *schedule = ARENA_NEW(a, struct schedule_spec);
        decode_schedule(spec, schedule);
        o->schedule = schedule;
    } else if (spec) {
        struct compact_spec *compact = ARENA_NEW(a, struct compact_spec);
        decode_compact(spec, compact);
        o->compact = compact;
    }
    return o;
}

const struct resource *resource_of(struct arena *a, struct node *root)
{
    static const slice kinds[] = {SLICE("Backup"), SLICE("BackupSchedule"), SLICE("CompactBackup")};
    slice version = node_text(node_get(root, LIT("apiVersion"))),
          kind = node_text(node_get(root, LIT("kind")));
    slice group = slice_cut(version, 0, slice_find_char(version, '/'));
    if (!slice_eq(group, LIT("br.pingcap.com")) && !slice_eq(group, LIT("pingcap.com")))
        return NULL;
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (slice_eq(kind, kinds[i]))
            return resource_decode(a, api_group_of(group), resource_kind_of(kind), root);
    return NULL;
}

bool backup_is_dumpling(enum api_group group, const struct node *spec)
{
    return group == GROUP_PINGCAP && !node_get(spec, LIT("br"));
}

bool text_given(const struct text *t)
{
    return t->state == FIELD_GIVEN && t->value.n > 0;
}

bool text_empty(const struct text *t)
{
    return t->state == FIELD_ABSENT || (t->state == FIELD_GIVEN && t->value.n == 0);
}

bool text_known(const struct text *t)
{
    return t->state == FIELD_GIVEN || t->state == FIELD_ABSENT;
}
