/* The operator's view of an object. */
#include "operator.h"

enum log_operator object_operator(const struct object *o)
{
    return o->group == GROUP_BR ? LOG_OPERATOR_V2 : LOG_OPERATOR_V1;
}

struct log_spec backup_log_spec(const struct backup_spec *spec)
{
    return (struct log_spec){
        .subcommand = spec->log_subcommand.value,
        .truncate_until = spec->log_truncate_until.text.value,
        .stop = spec->log_stop.value,
    };
}

slice backup_sub_phase(const struct backup_status *status, enum log_command command)
{
    const struct node *sub = node_get(status->sub_statuses, slice_of(log_command_text(command)));
    const struct node *phase = node_get(sub, LIT("phase"));
    return phase && phase->kind == NODE_STRING ? phase->text : (slice){0};
}

struct log_status backup_log_status(const struct backup_status *s)
{
    return (struct log_status){
        .phase = log_phase_of(s->phase),
        .started = text_given(&s->commit_ts.text),
        .truncated_until = s->log_success_truncate_until.text.value,
        .pause_failed = slice_eq(backup_sub_phase(s, LOG_PAUSE), LIT("Failed")),
        .stop_failed = slice_eq(backup_sub_phase(s, LOG_STOP), LIT("Failed")),
    };
}

const char *object_finalizer(const struct object *o)
{
    return o->group == GROUP_BR ? "pingcap.com/finalizer" : "tidb.pingcap.com/backup-protection";
}

bool object_has_finalizer(const struct object *o, const char *name)
{
    for (const struct node *n = node_first(o->metadata.finalizers.node); n; n = node_next(n))
        if (n->kind == NODE_STRING && slice_eq(n->text, slice_of(name)))
            return true;
    return false;
}
