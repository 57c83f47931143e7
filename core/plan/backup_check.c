/* The operator's checks of a Backup's spec. The rules of brgate find all of this and more; objects that were
 * stored before there was a gate come here unjudged. */
#include "backup_check.h"

#include "duration.h"
#include "endpoint.h"

static slice say(const struct planning *p, const char *what)
{
    return arena_fmt(p->arena, "%s in spec of %.*s/%.*s", what, FMT(plan_namespace(p)), FMT(plan_name(p)));
}

/* ---- storage ---- */

static slice s3_fault(const struct planning *p, const struct s3 *s3)
{
    struct endpoint e;
    slice given = s3->endpoint.value;
    if (!s3->bucket.value.n)
        return say(p, "bucket should be configured for BR");
    if (!given.n || endpoint_parse(given, &e, NULL))
        return (slice){0};
    /* Which of the operator's three checks it fails: those of a text without any scheme read differently. */
    bool bare = slice_find_char(given, ':') == SLICE_NONE;
    slice text = bare ? arena_fmt(p->arena, "scheme not found in endpoint %.*s configured for BR", FMT(given))
                      : arena_fmt(p->arena, "invalid endpoint %.*s is configured for BR", FMT(given));
    return say(p, arena_cstr(p->arena, text));
}

static slice gcs_fault(const struct planning *p, const struct gcs *gcs)
{
    if (!gcs->project_id.value.n)
        return say(p, "projectId should be configured for BR");
    return gcs->bucket.value.n ? (slice){0} : say(p, "bucket should be configured for BR");
}

static slice local_fault(const struct planning *p, const struct local *local)
{
    if (!slice_eq(local->volume_name.value, local->mount_name.value))
        return say(p, "Spec.Local.Volume.Name != Spec.Local.VolumeMount.Name is configured for BR");
    if (!local->mount_path.value.n)
        return say(p, "empty Spec.Local.VolumeMount.MountPath is configured for BR");
    if (slice_find_char(local->mount_path.value, ':') != SLICE_NONE)
        return say(p, "Spec.Local.VolumeMount.MountPath contains ':' is configured for BR");
    return (slice){0};
}

static slice storage_fault(const struct planning *p, const struct storage *s)
{
    if (s->s3.node)
        return s3_fault(p, &s->s3);
    if (s->gcs.node)
        return gcs_fault(p, &s->gcs);
    return s->local.node ? local_fault(p, &s->local) : (slice){0};
}

/* ---- BR ---- */

static slice br_fault(const struct planning *p)
{
    const struct backup_spec *b = p->object->backup;
    slice type = b->backup_type.value;
    bool db = slice_eq(type, LIT("db")), table = slice_eq(type, LIT("table"));
    if (!b->job.br.cluster.value.n)
        return say(p, "cluster should be configured for BR");
    if (type.n && !db && !table && !slice_eq(type, LIT("full")))
        return say(p,
                   arena_cstr(p->arena, arena_fmt(p->arena, "invalid backup type %.*s for BR", FMT(type))));
    if ((db || table) && !b->job.br.db.value.n)
        return say(p, arena_cstr(p->arena,
                                 arena_fmt(p->arena, "DB should be configured for BR with backup type %.*s",
                                           FMT(type))));
    if (table && !b->job.br.table.value.n)
        return say(p, "table should be configured for BR with backup type table");
    return storage_fault(p, &b->job.storage);
}

static slice time_fault(const struct planning *p, const struct timestamp_field *t)
{
    struct refusal why = {0};
    struct timestamp unused;
    if (!text_given(&t->text) || timestamp_parse(t->text.value, &unused, &why))
        return (slice){0};
    return arena_fmt(p->arena, "cannot parse ts string %.*s: %s", FMT(t->text.value), why.why);
}

static slice log_fault(const struct planning *p)
{
    const struct backup_spec *b = p->object->backup;
    slice fault = b->is_log ? time_fault(p, &b->commit_ts) : (slice){0};
    return fault.n || !b->is_log ? fault : time_fault(p, &b->log_truncate_until);
}

static slice duration_fault(const struct planning *p, const char *field, const struct duration_field *d)
{
    struct refusal why = {0};
    int64_t unused;
    if (!text_given(&d->text) || duration_parse(d->text.value, &unused, &why))
        return (slice){0};
    return arena_fmt(p->arena, "fail to parse %s %.*s of backup %.*s/%.*s, %s", field, FMT(d->text.value),
                     FMT(plan_namespace(p)), FMT(plan_name(p)), why.why);
}

static slice export_fault(const struct planning *p)
{
    const struct backup_spec *b = p->object->backup;
    if (plan_v2(p))
        return say(p, ".spec.br is required");
    if (!b->from.node || !b->from_host.value.n)
        return say(p, "missing cluster config");
    if (!b->from_secret_name.value.n)
        return say(p, "missing tidbSecretName config");
    return b->storage_size.value.n ? (slice){0} : say(p, "missing StorageSize config");
}

slice backup_fault(const struct planning *p)
{
    const struct backup_spec *b = p->object->backup;
    if (!b->job.br.node)
        return export_fault(p);
    slice fault = br_fault(p);
    if (!fault.n)
        fault = log_fault(p);
    if (!fault.n)
        fault = duration_fault(p, "minRetryDuration", &b->retry.min_retry_duration);
    return fault.n ? fault : duration_fault(p, "retryTimeout", &b->retry.retry_timeout);
}
