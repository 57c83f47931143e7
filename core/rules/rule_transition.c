/* From the old object to the new one, and the end of an object. The operator's state is the old object's
 * status: what an update writes into status is not asked. */
#include "rule_transition.h"

#include "rule_log.h"

struct update {
    const struct backup_spec *from, *to;
    const struct backup_status *status;
    struct logbackup_status log;
    struct logbackup_spec asked_before, asked;
    enum logbackup_operator op;
    bool both_log;
    bool edited; /* the spec says something else than before */
};

#define SUBJECT struct update
#define RULES   "rule_transition.def"
#include "rule_table.h"

/* ---- what stays as it is ---- */

/* Whether there may be data, or a task in the cluster. A backup that failed before that may be fixed. */
static bool has_begun(const struct update *u)
{
    switch (u->log.phase) {
    case LOGBACKUP_NEW:
    case LOGBACKUP_FAILED:
    case LOGBACKUP_RETRY_FAILED:
    case LOGBACKUP_INVALID:
        return u->log.started || u->status->backup_path.n > 0;
    default:
        return true;
    }
}

const char *rules_lost_status(const struct node *object, const struct node *old_object)
{
    static const char *const members[] = {"phase", "commitTs", "backupPath"};
    const struct node *now = node_get(object, LIT("status")), *before = node_get(old_object, LIT("status"));
    for (size_t i = 0; i < COUNT(members); i++)
        if (node_text(node_get(before, slice_of(members[i]))).n &&
            !node_text(node_get(now, slice_of(members[i]))).n)
            return members[i];
    return NULL;
}

/* The operator and its pods only ever add to these, so the change comes from another client. */
static void status_removed(struct rule_run *run, const struct update *u)
{
    const char *lost = rules_lost_status(run->object->root, run->old->root);
    if (run->object->group != GROUP_PINGCAP || !lost || !has_begun(u))
        return;
    const struct node *status = node_get(run->object->root, LIT("status"));
    struct finding *x =
        finding_at(run->findings, &rule_status_removed, FIELD_FORBIDDEN,
                   status ? at_member(status, lost) : at_missing(run->object->root, LIT("status")),
                   "%s may not be removed: the operator would treat this backup as a new one", lost);
    finding_hint(x, "send the status that the object has, as kubectl apply and kubectl edit do");
}

static slice value_or(struct arena *a, const struct node *n, const char *otherwise)
{
    return n ? node_value(a, n) : slice_of(otherwise);
}

static void mode_moved(struct rule_run *run, const struct update *u)
{
    const struct text *mode = &u->to->backup_mode, *before = &u->from->backup_mode;
    if (u->from->is_log == u->to->is_log || mode->state == FIELD_UNUSABLE ||
        before->state == FIELD_UNUSABLE || !(has_begun(u) || u->log.phase != LOGBACKUP_NEW))
        return;
    struct finding *x = finding_at(
        run->findings, &rule_log_immutable, FIELD_INVALID, at_member(u->to->node, "backupMode"),
        "%.*s: field is immutable once the backup has started, was %.*s: %s",
        FMT(value_or(run->arena, mode->node, "null")), FMT(value_or(run->arena, before->node, "not set")),
        u->from->is_log ? "the log task would keep running in the cluster and could not be stopped"
                        : "the operator treats it as a log backup that has been started");
    finding_hint(x, "create a new Backup");
}

static void cluster_field(struct rule_run *run, const struct update *u, const char *name,
                          const struct text *now, const struct text *before, slice fallback)
{
    slice is = text_given(now) ? now->value : fallback, was = text_given(before) ? before->value : fallback;
    if (now->state == FIELD_UNUSABLE || before->state == FIELD_UNUSABLE || slice_eq(is, was))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_log_immutable, FIELD_INVALID, at_member(u->to->job.br.node, name),
                   "%.*s: field is immutable once the log backup has started, was \"%.*s\": the task would "
                   "keep running there and could not be stopped",
                   FMT(value_or(run->arena, now->node, "null")), FMT(was));
    finding_hint(x, "create a new Backup for the other cluster");
}

static void cluster_moved(struct rule_run *run, const struct update *u)
{
    const struct br *now = &u->to->job.br, *before = &u->from->job.br;
    if (!u->both_log || !has_begun(u) || !now->node || !before->node)
        return;
    cluster_field(run, u, "cluster", &now->cluster, &before->cluster, (slice){0});
    cluster_field(run, u, "clusterNamespace", &now->cluster_namespace, &before->cluster_namespace,
                  run->object->metadata.namespace.value);
}

static void log_immutable(struct rule_run *run, const struct update *u)
{
    mode_moved(run, u);
    cluster_moved(run, u);
    if (u->both_log && has_begun(u))
        check_moved(run, &rule_log_immutable, &u->to->job.storage, &u->from->job.storage);
}

static void storage_immutable(struct rule_run *run, const struct update *u)
{
    if (!u->from->is_log && !u->to->is_log && has_begun(u))
        check_moved(run, &rule_storage_immutable, &u->to->job.storage, &u->from->job.storage);
}

static void committs_ignored(struct rule_run *run, const struct update *u)
{
    const struct text *now = &u->to->commit_ts.text, *before = &u->from->commit_ts.text;
    if (!u->both_log || !u->log.started || slice_eq(now->value, before->value) || !text_given(now))
        return;
    struct finding *x = finding_at(run->findings, &rule_committs_ignored, FIELD_NONE, at_key(now->node),
                                   "commitTs is the start of a log backup, and this one has already started");
    finding_hint(x, "create a new Backup to start at another time");
}

static void cleanpolicy_edit(struct rule_run *run, const struct update *u)
{
    const struct text *now = &u->to->clean_policy, *before = &u->from->clean_policy;
    bool retains = text_empty(now) || slice_eq(now->value, LIT("Retain"));
    bool cleaned = slice_eq(before->value, LIT("Delete")) || slice_eq(before->value, LIT("OnFailure"));
    const char *finalizer = object_finalizer(run->object);
    if (!u->to->is_snapshot || !retains || !cleaned || now->state == FIELD_UNUSABLE ||
        !object_has_finalizer(run->object, finalizer))
        return;
    struct finding *x = finding_at(
        run->findings, &rule_cleanpolicy_edit, FIELD_NONE, at_member(u->to->node, "cleanPolicy"),
        "the operator has put a finalizer on this object and will not remove it with cleanPolicy Retain: "
        "deleting it %s",
        run->old->metadata.deleting ? "hangs" : "would hang");
    finding_hint(x, "%sremove the finalizer %s by hand",
                 run->old->metadata.deleting ? "" : "before you delete it, ", finalizer);
}

/* ---- log commands ---- */

struct answer {
    const struct rule *rule;
    const char *message, *hint; /* NULL: said elsewhere, or nothing to say */
};

static const struct answer answers[LOGBACKUP_REASON_COUNT] = {
    [LOGBACKUP_NOT_STARTED_YET] =
        {&rule_log_not_started,
         "there is nothing to stop or pause: the log backup has not been started, and "
         "the operator would wait forever",
         "delete the Backup, or wait for the start"},
    [LOGBACKUP_STAYS_PAUSED] = {&rule_log_stays_paused,
                                "the log backup stays paused: TiDB Operator v2 resumes only on log-start",
                                "write logSubcommand: log-start"},
    [LOGBACKUP_STOPPED_FOR_GOOD] =
        {&rule_log_start_after_stop,
         "a stopped log backup cannot be started again: the operator ignores the command",
         "create a new Backup with another name and prefix, and take a snapshot"},
    [LOGBACKUP_NOTHING_TO_PAUSE] = {&rule_log_start_after_stop,
                                    "a stopped log backup cannot be paused: its task no longer exists",
                                    "keep log-stop"},
    [LOGBACKUP_START_FAILED] = {&rule_log_failed_restart,
                                "the start has failed, and the operator never retries it",
                                "fix the cause, delete the Backup and create it again"},
    [LOGBACKUP_PAUSE_AFTER_FAILURE] =
        {&rule_log_failed_restart,
         "the log backup has failed: its task may no longer exist, and then the pause fails too",
         "check br log status first"},
    [LOGBACKUP_PAUSE_STUCK] =
        {&rule_log_command_stuck,
         "the last log-pause failed, and the operator does not repeat it until a resume",
         "pause with br log pause; status.logSubCommandStatuses says why it failed"},
    [LOGBACKUP_STOP_STUCK] = {&rule_log_command_stuck,
                              "the last log-stop failed, and the operator does not repeat it",
                              "stop with br log stop, then delete the Backup"},
};

static void request_changed(struct rule_run *run, const struct update *u)
{
    enum logbackup_request request = logbackup_request_of(&u->asked),
                           before = logbackup_request_of(&u->asked_before);
    if (!u->both_log || !backup_request_readable(u->to) || !backup_request_readable(u->from))
        return;
    bool taken_back = before == LOGBACKUP_ASK_STOP ||
                      (u->to->log_stop.state == FIELD_GIVEN && u->from->log_stop.state == FIELD_ABSENT);
    if (taken_back && request == LOGBACKUP_ASK_NOTHING && u->log.phase == LOGBACKUP_STOPPED)
        log_stays_stopped(run, u->to, answers[LOGBACKUP_STOPPED_FOR_GOOD].hint);
    enum logbackup_reason reason = logbackup_judge(u->op, &u->log, request);
    /* The start command failed: whatever the edit fixes, it is not tried again. */
    if (request == before && !(u->edited && reason == LOGBACKUP_START_FAILED))
        return;
    const struct node *n = backup_request_node(u->to);
    if (reason == LOGBACKUP_PAUSE_EXPIRES)
        logbackup_pause_expires(run, n);
    if (reason == LOGBACKUP_STOP_IS_FINAL)
        log_stop_is_final(run, n);
    const struct answer *a = &answers[reason];
    if (!a->message)
        return;
    struct place place = n ? at_value(n) : at_missing(u->to->node, LIT("logSubcommand"));
    struct finding *x = logbackup_verdict_of(reason) == LOGBACKUP_DENY
                            ? finding_at(run->findings, a->rule, FIELD_INVALID, place, "%.*s: %s",
                                         FMT(value_or(run->arena, n, "null")), a->message)
                            : finding_at(run->findings, a->rule, FIELD_NONE, place, "%s", a->message);
    finding_hint(x, "%s", a->hint);
}

static uint64_t tso_of(const struct timestamp_field *t)
{
    return t->ok ? t->value.tso : 0;
}

static slice moment_of(struct arena *a, const struct timestamp_field *t)
{
    struct buf b = buf_new(a, 64);
    timestamp_put(&b, t->value.ms);
    return buf_slice(&b);
}

/* From any state in which the operator truncates. */
static void truncation_is_final(struct rule_run *run, const struct update *u, const struct timestamp_field *t)
{
    if (u->log.phase == LOGBACKUP_INVALID)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_log_truncate_final, FIELD_NONE, at_value(t->text.node),
                   "the log before this time is deleted: snapshots taken before it can no longer be "
                   "restored to a point in time");
    finding_hint(x, "make sure that a snapshot taken after it exists");
}

static void truncation_changed(struct rule_run *run, const struct update *u)
{
    const struct timestamp_field *t = &u->to->log_truncate_until,
                                 *last = &u->status->log_success_truncate_until;
    struct logbackup_bounds bounds = {tso_of(&u->status->commit_ts), tso_of(&u->status->log_checkpoint_ts),
                                      tso_of(last), timestamp_tso(run->now * 1000)};
    if (!u->both_log || !t->ok || slice_eq(t->text.value, u->from->log_truncate_until.text.value))
        return;
    struct finding *x;
    switch (logbackup_truncation(t->value.tso, &bounds)) {
    case TRUNCATION_FINE:
        truncation_is_final(run, u, t);
        return;
    case TRUNCATION_IN_FUTURE: /* judged without the state already */
        return;
    case TRUNCATION_WAITS:
        log_truncation_waits(run, t);
        return;
    case TRUNCATION_BEYOND_CHECKPOINT:
        log_truncation_beyond(run, t, moment_of(run->arena, &u->status->log_checkpoint_ts));
        return;
    case TRUNCATION_BEFORE_START:
        x = finding_at(run->findings, &rule_truncate_backwards, FIELD_NONE, at_value(t->text.node),
                       "nothing will be deleted: the log begins at %.*s",
                       FMT(moment_of(run->arena, &u->status->commit_ts)));
        break;
    default:
        x = finding_at(run->findings, &rule_truncate_backwards, FIELD_NONE, at_value(t->text.node),
                       "nothing will be deleted: the log is already truncated up to %.*s",
                       FMT(moment_of(run->arena, last)));
    }
    finding_hint(x, "write a later time");
}

/* ---- objects that the operator has given up ---- */

/* The operator looks at what the command that it works on came to. */
static bool given_up(const struct update *u)
{
    if (u->log.phase == LOGBACKUP_INVALID)
        return true;
    if (!u->both_log)
        return false;
    enum logbackup_command command = logbackup_effective_command(u->op, &u->asked, &u->log);
    return command <= LOGBACKUP_STOP && slice_eq(backup_sub_phase(u->status, command), LIT("Invalid"));
}

static void invalid_needs_recreate(struct rule_run *run, const struct update *u)
{
    if (!u->edited || !given_up(u))
        return;
    struct finding *x = finding_at(
        run->findings, &rule_invalid_needs_recreate, FIELD_NONE, at_key(u->to->node),
        "the operator has marked this Backup Invalid and ignores it from then on: the change has no effect");
    finding_hint(x, "delete it and create it again");
}

static struct update update_of(const struct rule_run *run)
{
    const struct resource *from = run->old, *to = run->object;
    const struct backup_status *s = &from->status;
    return (struct update){
        .from = from->backup,
        .to = to->backup,
        .status = s,
        .log = backup_log_status(s),
        .asked_before = backup_log_spec(from->backup),
        .asked = backup_log_spec(to->backup),
        .op = object_operator(to),
        .both_log = from->backup->is_log && to->backup->is_log,
        .edited = !node_same(from->backup->node, to->backup->node),
    };
}

void check_transition(struct rule_run *run)
{
    if (!run->object->backup->node || !run->old->backup->node)
        return;
    struct update u = update_of(run);
    run_checks(run, &u);
}
