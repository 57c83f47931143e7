/* The operator's view of an object. */
#include "operator.h"

enum logbackup_operator object_operator(const struct resource *o)
{
    return o->group == GROUP_BR ? LOGBACKUP_OPERATOR_V2 : LOGBACKUP_OPERATOR_V1;
}

struct logbackup_spec backup_log_spec(const struct backup_spec *spec)
{
    return (struct logbackup_spec){
        .subcommand = spec->log_subcommand.value,
        .truncate_until = spec->log_truncate_until.text.value,
        .stop = spec->log_stop.value,
    };
}

slice backup_sub_phase(const struct backup_status *status, enum logbackup_command command)
{
    const struct node *sub = node_get(status->sub_statuses, slice_of(logbackup_command_text(command)));
    const struct node *phase = node_get(sub, LIT("phase"));
    return phase && phase->kind == NODE_STRING ? phase->text : (slice){0};
}

struct logbackup_status backup_log_status(const struct backup_status *s)
{
    return (struct logbackup_status){
        .phase = logbackup_phase_of(s->phase),
        .started = text_given(&s->commit_ts.text),
        .truncated_until = s->log_success_truncate_until.text.value,
        .pause_failed = slice_eq(backup_sub_phase(s, LOGBACKUP_PAUSE), LIT("Failed")),
        .stop_failed = slice_eq(backup_sub_phase(s, LOGBACKUP_STOP), LIT("Failed")),
    };
}

slice br_cluster_namespace(const struct br *br, slice own)
{
    return text_given(&br->cluster_namespace) ? br->cluster_namespace.value : own;
}

struct retention schedule_retention(const struct schedule_spec *spec)
{
    const struct duration_field *time = &spec->max_reserved_time;
    const struct number *most = &spec->max_backups;
    return retention_of(&(struct retention_fields){
        .time_given = time->text.state != FIELD_ABSENT,
        .time_ns = time->ok ? time->ns : 0,
        .count_known = most->state == FIELD_ABSENT || most->state == FIELD_GIVEN,
        .count = most->value,
    });
}

const struct duration_field *schedule_compact_interval(const struct schedule_spec *spec)
{
    bool interval = spec->compact_interval.text.state != FIELD_ABSENT;
    const struct duration_field *d = interval ? &spec->compact_interval : &spec->compact_span;
    return d->ok && d->ns > 0 ? d : NULL;
}

const char *object_finalizer(const struct resource *o)
{
    return o->group == GROUP_BR ? "pingcap.com/finalizer" : "tidb.pingcap.com/backup-protection";
}

bool object_has_finalizer(const struct resource *o, const char *name)
{
    for (const struct node *n = node_first(o->metadata.finalizers.node); n; n = node_next(n))
        if (n->kind == NODE_STRING && slice_eq(n->text, slice_of(name)))
            return true;
    return false;
}
