/* Log backups: what a spec may ask of the state machine, whatever state it is in. */
#include "rule_backup.h"

struct log_spec backup_log_spec(const struct backup_spec *spec)
{
    return (struct log_spec){
        .subcommand = spec->log_subcommand.value,
        .truncate_until = spec->log_truncate_until.text.value,
        .stop = spec->log_stop.value,
    };
}

enum log_operator object_operator(const struct object *o)
{
    return o->group == GROUP_BR ? LOG_OPERATOR_V2 : LOG_OPERATOR_V1;
}

bool backup_request_readable(const struct backup_spec *spec)
{
    return spec->log_subcommand.state != FIELD_UNUSABLE && spec->log_subcommand.state != FIELD_PLACEHOLDER &&
           spec->log_stop.state != FIELD_UNUSABLE && spec->log_stop.state != FIELD_PLACEHOLDER;
}

const struct node *backup_request_node(const struct backup_spec *spec)
{
    return spec->log_subcommand.node ? spec->log_subcommand.node : spec->log_stop.node;
}

/* ---- fields that do not go together ---- */

static void log_filter(struct rule_run *run, const struct backup_spec *spec)
{
    if (!node_first(spec->table_filter.node))
        return;
    struct finding *x = finding_add(run->findings, RULE_log_filter, FIELD_FORBIDDEN, spec->table_filter.node,
                                    "may not be set for a log backup: log stop, pause, resume and truncate "
                                    "fail on --filter, it could never be stopped");
    x->at_key = true;
    finding_hint(run->findings, x, "remove it; a restore can filter");
}

static void log_time_ago(struct rule_run *run, const struct backup_spec *spec)
{
    const struct text *ago = &spec->job.br.time_ago.text;
    if (!text_given(ago))
        return;
    struct finding *x = finding_add(run->findings, RULE_log_timeago, FIELD_FORBIDDEN, ago->node,
                                    "may not be set for a log backup: br log does not know --timeago");
    x->at_key = true;
    finding_hint(run->findings, x, "remove it; commitTs says where a log backup starts");
}

static void log_type(struct rule_run *run, const struct backup_spec *spec)
{
    const struct text *fields[] = {&spec->backup_type, &spec->job.br.db, &spec->job.br.table};
    static const char *const names[] = {"backupType", "br.db", "br.table"};
    for (size_t i = 0; i < 3; i++) {
        if (!text_given(fields[i]) || (i == 0 && backup_lacks_type_names(spec)))
            continue;
        struct finding *x =
            finding_say(run->findings, RULE_log_type, fields[i]->node,
                        "%s has no meaning for a log backup: it always takes all changes", names[i]);
        x->at_key = true;
        finding_hint(run->findings, x, "remove it");
    }
}

static void log_stop_deprecated(struct rule_run *run, const struct backup_spec *spec)
{
    if (spec->log_stop.state == FIELD_ABSENT || spec->log_subcommand.state != FIELD_ABSENT)
        return;
    if (spec->role == ROLE_LOG_TEMPLATE && spec->log_stop.value) /* log-stop-template speaks of it */
        return;
    struct finding *x =
        finding_say(run->findings, RULE_logstop_deprecated, spec->log_stop.node, "logStop is deprecated");
    x->at_key = true;
    finding_hint(run->findings, x, "write logSubcommand: %s",
                 spec->log_stop.value ? "log-stop" : "log-start");
}

/* The other way round: a snapshot has no use for what steers a log. */
static void log_only_fields(struct rule_run *run, const struct backup_spec *spec)
{
    const struct node *nodes[] = {
        text_given(&spec->log_subcommand) ? spec->log_subcommand.node : NULL,
        spec->log_stop.value ? spec->log_stop.node : NULL,
        text_given(&spec->log_truncate_until.text) ? spec->log_truncate_until.text.node : NULL,
    };
    for (size_t i = 0; i < 3; i++) {
        if (!nodes[i])
            continue;
        struct finding *x = finding_say(run->findings, RULE_log_only_fields, nodes[i],
                                        "%.*s is ignored: backupMode is snapshot", FMT(nodes[i]->key));
        x->at_key = true;
        if (spec->backup_mode.node && !(spec->backup_mode.node->flags & NODE_DEFAULTED)) {
            x->note_node = spec->backup_mode.node;
            x->note = LIT("the mode is set here");
        }
        finding_hint(run->findings, x, "write backupMode: log, or remove it");
    }
}

/* ---- what is asked ---- */

static void request_unknown(struct rule_run *run, const struct backup_spec *spec, enum log_request request)
{
    struct finding *x =
        FOUND(run, subcommand_unsupported, FIELD_INVALID, &spec->log_subcommand,
              "%.*s: the operator knows log-start, log-pause and log-stop only, and loops without a status",
              FMT(node_value(run->arena, spec->log_subcommand.node)));
    if (request == LOG_ASK_RESUME) {
        finding_hint(run->findings, x, "write log-start: it resumes what is paused");
        x->suggested = LIT("log-start");
    } else {
        finding_hint(run->findings, x,
                     "write logTruncateUntil, and leave logSubcommand as the log backup should be");
    }
}

/* A manifest is the state after an edit as often as it is something to create: both are judged. */
static void request_in_manifest(struct rule_run *run, const struct backup_spec *spec,
                                enum log_request request)
{
    struct log_status running = {.phase = LOG_RUNNING, .started = true};
    enum log_reason reason = log_judge(object_operator(run->object), &running, request);
    const struct node *n = backup_request_node(spec);
    if (reason == LOG_PAUSE_EXPIRES)
        log_pause_expires(run, n);
    if (reason == LOG_STOP_IS_FINAL)
        log_stop_is_final(run, n);
}

static void request_at_creation(struct rule_run *run, const struct backup_spec *spec)
{
    static const struct log_status new = {.phase = LOG_NEW};
    struct log_spec asked = backup_log_spec(spec);
    enum log_request request = log_request_of(&asked);
    if (!backup_request_readable(spec))
        return;
    enum log_reason reason = log_judge(object_operator(run->object), &new, request);
    if (reason == LOG_NO_COMMAND)
        request_unknown(run, spec, request);
    if (spec->role != ROLE_BACKUP || run->context == CONTEXT_UPDATE)
        return;
    if (reason == LOG_NOT_STARTED_YET) {
        const struct node *n = backup_request_node(spec);
        struct finding *x =
            finding_add(run->findings, RULE_log_create_with_stop, FIELD_INVALID, n,
                        "%.*s: a log backup that is created with it waits for ever, nothing was started",
                        FMT(node_value(run->arena, n)));
        finding_hint(run->findings, x, "create it with log-start; %s is for editing one that runs",
                     request == LOG_ASK_STOP ? "log-stop" : "log-pause");
    }
    if (run->context == CONTEXT_MANIFEST)
        request_in_manifest(run, spec, request);
}

void log_pause_expires(struct rule_run *run, const struct node *n)
{
    struct finding *x = finding_say(run->findings, RULE_pause_24h, n,
                                    "a pause must end within 24 hours: then the checkpoint is garbage "
                                    "collected and log-start fails");
    finding_hint(run->findings, x, "plan the log-start, or a new log backup with a new snapshot");
}

void log_stop_is_final(struct rule_run *run, const struct node *n)
{
    struct finding *x = finding_say(run->findings, RULE_log_stop_final, n,
                                    "log-stop is final: the log backup cannot be started again");
    finding_hint(run->findings, x, "for a break of less than 24 hours write log-pause");
}

/* ---- points in time ---- */

static void truncate_until(struct rule_run *run, const struct backup_spec *spec)
{
    const struct timestamp_field *t = &spec->log_truncate_until;
    struct log_bounds bounds = {.now = timestamp_tso(run->now * 1000)};
    if (!text_given(&t->text))
        return;
    bool zoned_future = t->ok && t->value.kind == TIMESTAMP_ZONED && t->value.ms / 1000 > run->now;
    if (!zoned_future && !judge_timestamp(run, t, READ_BY_OPERATOR_AND_BR))
        return;
    if (log_truncation(t->value.tso, &bounds) == TRUNCATION_IN_FUTURE) {
        struct finding *x = FOUND(run, truncate_future, FIELD_INVALID, &t->text,
                                  "%.*s: is in the future: all of the log would be deleted, and what is "
                                  "written until then would be of no use",
                                  FMT(node_value(run->arena, t->text.node)));
        finding_hint(run->findings, x,
                     "write a moment before the oldest snapshot that you still want to restore");
    } else if (run->context != CONTEXT_UPDATE && spec->role == ROLE_BACKUP) {
        log_truncation_waits(run, t);
    }
}

void log_truncation_waits(struct rule_run *run, const struct timestamp_field *t)
{
    struct finding *x =
        finding_say(run->findings, RULE_truncate_needs_log, t->text.node,
                    "there is no log to truncate yet: it would be truncated right after the start");
    x->at_key = true;
    finding_hint(run->findings, x, "leave it out until the log backup runs, and add it then");
}

static void log_start_ts(struct rule_run *run, const struct backup_spec *spec)
{
    judge_timestamp(run, &spec->commit_ts, READ_BY_OPERATOR_AND_BR);
}

static backup_rule *const rules[] = {
    log_filter,          log_time_ago,   log_type,     log_stop_deprecated,
    request_at_creation, truncate_until, log_start_ts,
};

void judge_log(struct rule_run *run, const struct backup_spec *spec)
{
    if (spec->is_snapshot && spec->role != ROLE_LOG_TEMPLATE)
        log_only_fields(run, spec);
    for (size_t i = 0; spec->is_log && i < sizeof rules / sizeof *rules; i++)
        rules[i](run, spec);
}
