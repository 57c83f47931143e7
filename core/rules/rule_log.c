/* Log backups: what a spec may ask of the state machine, whatever state it is in. */
#include "rule_log.h"

extern const struct rule rule_type_db_table; /* rule_backup.def */

#define SUBJECT struct backup_spec
#define RULES   "rule_log.def"
#include "rule_table.h"

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
    struct finding *x =
        finding_at(run->findings, &rule_log_filter, FIELD_FORBIDDEN, at_key(spec->table_filter.node),
                   "may not be set for a log backup: log stop, pause, resume and truncate fail on --filter, "
                   "so it could never be stopped");
    finding_hint(x, "remove it; a restore can filter");
}

static void log_timeago(struct rule_run *run, const struct backup_spec *spec)
{
    const struct text *ago = &spec->job.br.time_ago.text;
    if (!text_given(ago))
        return;
    struct finding *x = finding_at(run->findings, &rule_log_timeago, FIELD_FORBIDDEN, at_key(ago->node),
                                   "may not be set for a log backup: br log does not support --timeago");
    finding_hint(x, "remove it; commitTs sets where a log backup starts");
}

/* Flags of br backup that br log lacks; the fields have rules of their own, but for concurrency.
 * [tidb: br/pkg/task/backup.go DefineBackupFlags, common.go DefineFilterFlags] */
static const slice backup_flags[] = {
    SLICE("--backupts"),
    SLICE("--case-sensitive"),
    SLICE("--compression"),
    SLICE("--compression-level"),
    SLICE("--concurrency"),
    SLICE("--db"),
    SLICE("--filter"),
    SLICE("-f"),
    SLICE("--gcttl"),
    SLICE("--ignore-stats"),
    SLICE("--keyspace-name"),
    SLICE("--lastbackupts"),
    SLICE("--range-limit"),
    SLICE("--remove-schedulers"),
    SLICE("--table"),
    SLICE("--table-concurrency"),
    SLICE("--replica-read-label"),
    SLICE("--timeago"),
    SLICE("--use-backupmeta-v2"),
    SLICE("--use-checkpoint"),
};

static void log_option(struct rule_run *run, const struct node *option)
{
    slice flag = slice_cut(option->text, 0, slice_find_char(option->text, '='));
    for (size_t i = 0; i < COUNT(backup_flags); i++) {
        if (!slice_eq(flag, backup_flags[i]))
            continue;
        struct finding *x = finding_at(
            run->findings, &rule_log_options, FIELD_FORBIDDEN, at_part(option, 0, flag.n),
            "may not be set for a log backup: br log does not have %.*s, and every command fails", FMT(flag));
        finding_hint(x, "remove it");
    }
}

/* By backupType the operator passes --db and --table, unless there are filters. */
static bool passes_names(const struct backup_spec *spec)
{
    const struct text *type = &spec->backup_type;
    return text_given(type) && (slice_eq(type->value, LIT("db")) || slice_eq(type->value, LIT("table"))) &&
           text_given(&spec->job.br.db) && !node_first(spec->table_filter.node);
}

static void log_options(struct rule_run *run, const struct backup_spec *spec)
{
    if (passes_names(spec)) {
        struct finding *x =
            finding_at(run->findings, &rule_log_options, FIELD_FORBIDDEN, at_key(spec->backup_type.node),
                       "may not be set for a log backup: br log does not have --db, "
                       "and every command fails");
        finding_note(x, at_key(spec->job.br.db.node), "the operator passes this as --db");
        finding_hint(x, "remove it, and br.db and br.table: a log backup records all changes");
    }
    const struct number *c = &spec->job.br.concurrency;
    if (c->state == FIELD_GIVEN) {
        struct finding *x = finding_at(run->findings, &rule_log_options, FIELD_FORBIDDEN, at_key(c->node),
                                       "may not be set for a log backup: br log does not have --concurrency, "
                                       "and every command fails");
        finding_hint(x, "remove it");
    }
    for (const struct node *n = node_first(spec->job.br.options.node); n; n = node_next(n))
        if (n->kind == NODE_STRING && !(n->flags & (NODE_BAD | NODE_PLACEHOLDER)))
            log_option(run, n);
}

static void log_type(struct rule_run *run, const struct backup_spec *spec)
{
    const struct text *fields[] = {&spec->backup_type, &spec->job.br.db, &spec->job.br.table};
    static const char *const names[] = {"backupType", "br.db", "br.table"};
    if (passes_names(spec))
        return;
    for (size_t i = 0; i < 3; i++) {
        if (!text_given(fields[i]))
            continue;
        struct finding *x =
            finding_at(run->findings, &rule_log_type, FIELD_NONE, at_key(fields[i]->node),
                       "%s has no effect on a log backup: it always records all changes", names[i]);
        finding_hint(x, "remove it");
    }
}

/* The API server fills it in for any mode: only in a manifest is it intentional. */
static void retry_policy_log(struct rule_run *run, const struct backup_spec *spec)
{
    const struct node *policy = spec->retry.node;
    if (!policy || policy->flags & NODE_DEFAULTED)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_retry_policy_log, FIELD_NONE, at_key(policy),
                   "backoffRetryPolicy has no effect on a log backup, which is never retried");
    finding_hint(x, "remove it");
}

static void log_stop_template(struct rule_run *run, const struct backup_spec *spec)
{
    const struct text *command = &spec->log_subcommand;
    bool stops = text_given(command) &&
                 (slice_eq(command->value, LIT("log-stop")) || slice_eq(command->value, LIT("log-pause")));
    bool old_way = spec->log_stop.state == FIELD_GIVEN && spec->log_stop.value;
    if (spec->role != ROLE_LOG_TEMPLATE || (!stops && !old_way))
        return;
    const struct node *n = stops ? command->node : spec->log_stop.node;
    struct finding *x =
        finding_at(run->findings, &rule_log_stop_template, FIELD_INVALID, at_value(n),
                   "%.*s: the log backup is created in this state and waits forever for a start",
                   FMT(node_value(run->arena, n)));
    if (stops)
        finding_edit(x, at_value(n), LIT("log-start"));
    finding_hint(
        x, "%s; %s the Backup log-%.*s that the schedule creates instead",
        stops ? "write log-start" : "remove it",
        stops && slice_eq(command->value, LIT("log-pause")) ? "pause" : "stop",
        FMT(text_given(&run->object->metadata.name) ? run->object->metadata.name.value : LIT("<schedule>")));
}

static void logstop_deprecated(struct rule_run *run, const struct backup_spec *spec)
{
    if (spec->log_stop.state != FIELD_GIVEN || spec->log_subcommand.state != FIELD_ABSENT)
        return;
    struct finding *x = finding_at(run->findings, &rule_logstop_deprecated, FIELD_NONE,
                                   at_key(spec->log_stop.node), "logStop is deprecated");
    bool new = run->context == CONTEXT_CREATE; /* there is nothing to stop */
    if (!spec->log_stop.value)
        finding_hint(x, "remove it: false is the default");
    else
        finding_hint(x, "write logSubcommand: %s instead", new ? "log-start" : "log-stop");
}

/* ---- the request ---- */

/* What the log backup is asked to do, and what it comes to in that state; LOGBACKUP_FINE when it cannot be read. */
static enum logbackup_reason reason_in(const struct rule_run *run, const struct backup_spec *spec,
                                       const struct logbackup_status *state,
                                       enum logbackup_request *ret_request)
{
    struct logbackup_spec asked = backup_log_spec(spec);
    *ret_request = logbackup_request_of(&asked);
    if (!backup_request_readable(spec))
        return LOGBACKUP_FINE;
    return logbackup_judge(object_operator(run->object), state, *ret_request);
}

static const struct logbackup_status not_started = {.phase = LOGBACKUP_NEW},
                                     running = {.phase = LOGBACKUP_RUNNING, .started = true};

static void subcommand_unsupported(struct rule_run *run, const struct backup_spec *spec)
{
    const struct node *n = spec->log_subcommand.node;
    enum logbackup_request request;
    if (reason_in(run, spec, &not_started, &request) != LOGBACKUP_NO_COMMAND)
        return;
    struct finding *x = finding_at(
        run->findings, &rule_subcommand_unsupported, FIELD_INVALID, at_value(n),
        "%.*s: the operator supports only log-start, log-pause and log-stop, and loops without a status",
        FMT(node_value(run->arena, n)));
    if (request == LOGBACKUP_ASK_RESUME) {
        finding_hint(x, "write log-start: it resumes a paused log backup");
        finding_edit(x, at_value(n), LIT("log-start"));
    } else {
        finding_hint(
            x, "use logTruncateUntil, and leave logSubcommand at the state that the log backup should have");
    }
}

static void log_create_with_stop(struct rule_run *run, const struct backup_spec *spec)
{
    const struct node *n = backup_request_node(spec);
    enum logbackup_request request;
    if (spec->role != ROLE_BACKUP || run->context == CONTEXT_UPDATE ||
        reason_in(run, spec, &not_started, &request) != LOGBACKUP_NOT_STARTED_YET)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_log_create_with_stop, FIELD_INVALID, at_value(n),
                   "%.*s: a log backup created with it waits forever, because nothing was started",
                   FMT(node_value(run->arena, n)));
    finding_hint(x, "create it with log-start; use %s on a running log backup",
                 request == LOGBACKUP_ASK_STOP ? "log-stop" : "log-pause");
}

/* A manifest is the state after an edit as often as it is something to create: both are judged. */
static bool comes_to(const struct rule_run *run, const struct backup_spec *spec, enum logbackup_reason reason)
{
    enum logbackup_request request;
    return spec->role == ROLE_BACKUP && run->context == CONTEXT_MANIFEST &&
           reason_in(run, spec, &running, &request) == reason;
}

static void pause_24h(struct rule_run *run, const struct backup_spec *spec)
{
    if (comes_to(run, spec, LOGBACKUP_PAUSE_EXPIRES))
        logbackup_pause_expires(run, backup_request_node(spec));
}

static void log_stop_final(struct rule_run *run, const struct backup_spec *spec)
{
    if (comes_to(run, spec, LOGBACKUP_STOP_IS_FINAL))
        log_stop_is_final(run, backup_request_node(spec));
}

void logbackup_pause_expires(struct rule_run *run, const struct node *n)
{
    struct finding *x = finding_at(run->findings, &rule_pause_24h, FIELD_NONE, at_value(n),
                                   "a pause must end within 24 hours: after that the data at the checkpoint "
                                   "is garbage-collected and log-start fails");
    finding_hint(x, "plan the log-start, or a new log backup with a new snapshot");
}

void log_stop_is_final(struct rule_run *run, const struct node *n)
{
    struct finding *x = finding_at(run->findings, &rule_log_stop_final, FIELD_NONE, at_value(n),
                                   "log-stop is final: the log backup cannot be started again");
    finding_hint(x, "for a break of less than 24 hours write %s",
                 slice_eq(n->key, LIT("logStop")) ? "logSubcommand: log-pause instead" : "log-pause");
}

void log_stays_stopped(struct rule_run *run, const struct backup_spec *to, const char *hint)
{
    const char *field = to->log_stop.state == FIELD_ABSENT ? "logSubcommand" : "logStop";
    struct finding *x =
        finding_at(run->findings, &rule_log_stop_final, FIELD_NONE, at_member(to->node, field),
                   "the log backup stays stopped: its task no longer exists");
    finding_hint(x, "%s", hint);
}

/* ---- points in time ---- */

/* Another rule reports times in the future, whatever their spelling. */
static bool is_to_come(const struct rule_run *run, const struct timestamp_field *t)
{
    return t->ok && t->value.kind == TIMESTAMP_ZONED && t->value.ms / 1000 > run->now;
}

static bool can_be_read(const struct rule_run *run, const struct timestamp_field *t)
{
    return is_to_come(run, t) || timestamp_is_sound(run, t, READ_BY_OPERATOR_AND_BR);
}

static void points_in_time(struct rule_run *run, const struct backup_spec *spec)
{
    check_timestamp(run, &spec->commit_ts, READ_BY_OPERATOR_AND_BR);
    if (!is_to_come(run, &spec->log_truncate_until))
        check_timestamp(run, &spec->log_truncate_until, READ_BY_OPERATOR_AND_BR);
}

static void truncate_future(struct rule_run *run, const struct backup_spec *spec)
{
    const struct timestamp_field *t = &spec->log_truncate_until;
    struct logbackup_bounds bounds = {.now = timestamp_tso(run->now * 1000)};
    bool later = can_be_read(run, t) && logbackup_truncation(t->value.tso, &bounds) == TRUNCATION_IN_FUTURE;
    if (!later && !is_to_come(run, t)) /* its TSO may have wrapped */
        return;
    struct finding *x =
        finding_at(run->findings, &rule_truncate_future, FIELD_INVALID, at_value(t->text.node),
                   "%.*s: is in the future: the entire log would be deleted, and the log written until then "
                   "would be useless",
                   FMT(node_value(run->arena, t->text.node)));
    finding_hint(x, "write a time before the oldest snapshot that you still want to restore");
}

static void truncate_needs_log(struct rule_run *run, const struct backup_spec *spec)
{
    const struct timestamp_field *t = &spec->log_truncate_until;
    if (run->context != CONTEXT_UPDATE && spec->role == ROLE_BACKUP && can_be_read(run, t))
        log_truncation_waits(run, t);
}

void log_truncation_beyond(struct rule_run *run, const struct timestamp_field *t, slice checkpoint)
{
    struct finding *x =
        finding_at(run->findings, &rule_truncate_future, FIELD_INVALID, at_value(t->text.node),
                   "%.*s: is beyond the checkpoint, %.*s: the entire log would be deleted",
                   FMT(node_value(run->arena, t->text.node)), FMT(checkpoint));
    finding_hint(x, "write a time before the oldest snapshot that you still want to restore");
}

void log_truncation_waits(struct rule_run *run, const struct timestamp_field *t)
{
    struct finding *x =
        finding_at(run->findings, &rule_truncate_needs_log, FIELD_NONE, at_key(t->text.node),
                   "there is no log to truncate yet: it would be truncated immediately after the start");
    finding_hint(x, "omit it until the log backup runs, then add it");
}

void check_log(struct rule_run *run, const struct backup_spec *spec)
{
    run_checks(run, spec);
}
