/* Plans for a log Backup: which command is requested, and its result. */
#include "backup.h"
#include "log_truth.h"

#include "operator.h"
#include "timestamp.h"

struct log_planning {
    struct planning *planning;
    struct status status;
    struct logbackup_spec spec;
    struct logbackup_status known;
    enum logbackup_command command;
    slice sub_phase, job_name;
};

static uint64_t tso_now(const struct planning *p)
{
    return timestamp_tso(p->now > 0 ? p->now * 1000 : 0);
}

static uint64_t tso_of(const struct timestamp_field *t)
{
    return t->ok ? t->value.tso : 0;
}

static struct log_planning open_log(struct planning *p)
{
    struct log_planning l = {.planning = p,
                             .status = status_open(p),
                             .spec = backup_log_spec(p->object->backup),
                             .known = backup_log_status(&p->object->status)};
    l.command = logbackup_effective_command(object_operator(p->object), &l.spec, &l.known);
    l.sub_phase = backup_sub_phase(&p->object->status, l.command);
    l.job_name = log_job_name(p, l.command);
    const struct node *sub = node_get(p->object->status.sub_statuses, LIT("log-truncate"));
    if (l.command == LOGBACKUP_TRUNCATE &&
        !slice_eq(tree_text(sub, "logTruncatingUntil"), l.spec.truncate_until))
        l.sub_phase = (slice){0}; /* what it came to was another truncation */
    return l;
}

static bool sub_is(const struct log_planning *l, const char *phase)
{
    return slice_eq(l->sub_phase, slice_of(phase));
}

/* ---- truncation ---- */

/* A truncation to a time before the remaining logs is done without a Job. One beyond the checkpoint is not run: BR
 * would delete logs that are not backed up yet. */
static bool truncation_ends(struct log_planning *l)
{
    struct planning *p = l->planning;
    const struct backup_status *seen = &p->object->status;
    const struct timestamp_field *until = &p->object->backup->log_truncate_until;
    struct logbackup_bounds bounds = {tso_of(&seen->commit_ts), tso_of(&seen->log_checkpoint_ts),
                                      tso_of(&seen->log_success_truncate_until), tso_now(p)};
    slice value = until->text.value;
    enum logbackup_truncation verdict = logbackup_truncation(tso_of(until), &bounds);
    struct condition c = {.type = "Complete"};
    if (verdict == TRUNCATION_FINE || verdict == TRUNCATION_WAITS)
        return false;
    bool done = verdict == TRUNCATION_BEFORE_START || verdict == TRUNCATION_BACKWARDS;
    if (!done)
        c = (struct condition){"Invalid", false, LIT("TruncateBeyondCheckpoint"),
                               arena_fmt(p->arena,
                                         "logTruncateUntil %.*s is later than what the log has reached: "
                                         "all of it would be deleted",
                                         FMT(value))};
    status_command(&l->status, LOGBACKUP_TRUNCATE, c);
    struct node *own = status_of_command(&l->status, LOGBACKUP_TRUNCATE);
    if (!slice_eq(tree_text(own, "logTruncatingUntil"), value)) {
        tree_set_text(p->arena, own, "logTruncatingUntil", value);
        tree_set_text(p->arena, own, "timeStarted", plan_time(p, p->now));
        tree_set_text(p->arena, own, "timeCompleted", plan_time(p, p->now));
    }
    if (done && !l->known.truncated_until.n)
        tree_set_text(p->arena, l->status.root, "logSuccessTruncateUntil", value);
    status_close(p, &l->status, done ? LIT("nothing is left to delete before that moment") : c.message);
    plan_wait(p, 0, "%s",
              done ? "the log is truncated that far already" : "logTruncateUntil must be earlier");
    return true;
}

/* ---- running a command ---- */

/* After an edit, another command's Job may still run: BR's commands must not overlap. */
static bool other_command_runs(struct log_planning *l)
{
    struct planning *p = l->planning;
    for (int command = LOGBACKUP_START; command < LOGBACKUP_UNKNOWN; command++) {
        slice name = log_job_name(p, (enum logbackup_command)command);
        if ((enum logbackup_command)command == l->command || seen_job(p, name, NULL) != JOB_RUNNING)
            continue;
        plan_wait_job(p, name,
                      arena_fmt(p->arena, "%s waits until Job %.*s ends", logbackup_command_text(l->command),
                                FMT(name)));
        return true;
    }
    return false;
}

static void start_command(struct log_planning *l)
{
    struct planning *p = l->planning;
    struct cluster_facts c;
    struct job_problem problem;
    if ((l->command == LOGBACKUP_START && log_stopped_just_now(p)) || other_command_runs(l))
        return;
    enum retry pending = retry_pending(p, &l->status, l->job_name);
    if (pending == RETRY_WAITS || backup_blocked(p, l->command, &c))
        return;
    if (pending == RETRY_DUE)
        retry_trigger(p, &l->status, l->job_name);
    if (l->command == LOGBACKUP_TRUNCATE)
        tree_set_text(p->arena, status_of_command(&l->status, LOGBACKUP_TRUNCATE), "logTruncatingUntil",
                      l->spec.truncate_until);
    struct node *job = log_job(p, &c, l->command, l->job_name, &problem);
    backup_start(p, &l->status, l->command, job, l->job_name, problem);
}

/* Handles a command whose effect the cluster has confirmed. */
static void command_was_done(struct log_planning *l)
{
    struct planning *p = l->planning;
    struct arena *a = p->arena;
    slice message = arena_fmt(a, "the pod of %s reported nothing; the cluster says that it has been done",
                              logbackup_command_text(l->command));
    status_command(&l->status, l->command,
                   (struct condition){"Complete", false, LIT("LogTaskObserved"), message});
    struct node *own = status_of_command(&l->status, l->command);
    tree_set_text(a, own, "timeCompleted", plan_time(p, p->now));
    if (l->command == LOGBACKUP_START) {
        tree_set_text(a, l->status.root, "commitTs",
                      arena_fmt(a, "%llu", (unsigned long long)p->seen->task.start_ts));
        status_condition(&l->status, (struct condition){"Running", false, LIT("LogTaskObserved"), {0}});
    }
    status_close(p, &l->status, message);
    plan_wait(p, 0, "%.*s", FMT(message));
}

static void task_is_missing(struct log_planning *l)
{
    struct planning *p = l->planning;
    slice message = LIT("the cluster has no log backup task of this name");
    status_command(&l->status, l->command,
                   (struct condition){"Failed", false, LIT("LogBackupTaskNotFound"), message});
    status_close(p, &l->status, message);
    plan_wait(p, 0, "%.*s", FMT(message));
}

/* Handles a Job that ended or disappeared without its pod reporting a result. */
static void unreported(struct log_planning *l, const struct node *job)
{
    struct planning *p = l->planning;
    switch (log_truth(p, l->command)) {
    case TRUTH_UNKNOWN:
        return;
    case TRUTH_DONE:
        command_was_done(l);
        return;
    case TRUTH_NO_TASK:
        task_is_missing(l);
        return;
    case TRUTH_NOT_DONE:
        break;
    }
    if (!job) {
        start_command(l);
        return;
    }
    switch (retry_pending(p, &l->status, l->job_name)) {
    case RETRY_WAITS:
        return;
    case RETRY_DUE:
        plan_act(p, PLAN_DELETE, job,
                 LIT("its pod died without reporting and without effect; its retry is due"));
        plan_wait(p, 0, "the ended Job must be gone before the next one");
        return;
    default:
        break;
    }
    bool ends = retry_record(p, &l->status, l->command, job) == RETRY_GIVEN_UP;
    status_close(p, &l->status, LIT("the pod died without reporting, and the cluster says: without effect"));
    if (ends)
        plan_wait(p, 0, "%s failed too often: it will not run again", logbackup_command_text(l->command));
}

/* BR's resume would fail each time: garbage collection has passed the checkpoint. */
static void resume_too_late(struct log_planning *l)
{
    struct planning *p = l->planning;
    slice message =
        LIT("the task has been paused for more than 24h: it cannot be resumed, only stop is possible");
    status_command(&l->status, LOGBACKUP_RESUME,
                   (struct condition){"Failed", false, LIT("PauseExpired"), message});
    status_close(p, &l->status, message);
    plan_wait(p, 0, "%.*s", FMT(message));
}

/* ---- the decision ---- */

static void unknown_command(struct log_planning *l)
{
    struct planning *p = l->planning;
    slice message =
        arena_fmt(p->arena, "logSubcommand %.*s is no command: log-start, log-pause and log-stop are",
                  FMT(l->spec.subcommand));
    status_note(&l->status,
                (struct condition){"CommandUnknown", false, LIT("UnsupportedSubcommand"), message});
    status_close(p, &l->status, message);
    plan_wait(p, 0, "%.*s", FMT(message));
}

static void run_command(struct log_planning *l)
{
    struct planning *p = l->planning;
    const struct node *job = NULL;
    bool begun = sub_is(l, "Prepare") || sub_is(l, "Running");
    enum job_state state = seen_job(p, l->job_name, &job);
    switch (state) {
    case JOB_ABSENT:
        if (begun)
            unreported(l, NULL);
        else
            start_command(l);
        break;
    case JOB_RUNNING:
        plan_wait_job(p, l->job_name,
                      arena_fmt(p->arena, "the Job of %s runs", logbackup_command_text(l->command)));
        break;
    case JOB_COMPLETE:
    case JOB_FAILED:
        if (l->sub_phase.n || l->command == LOGBACKUP_START) {
            unreported(l, job);
            break;
        }
        plan_act(p, PLAN_DELETE, job, LIT("an earlier command of this name left it"));
        plan_wait(p, 0, "the old Job must be gone before the next one");
        break;
    case JOB_GOING:
    case JOB_FOREIGN:
        plan_wait_blocked(p, l->job_name, state);
        break;
    }
}

/* An edit may come while the stop runs, before the gate can know. */
static bool is_over(const struct log_planning *l)
{
    return l->known.phase == LOGBACKUP_STOPPED &&
           (l->command == LOGBACKUP_PAUSE || l->command == LOGBACKUP_RESUME);
}

void plan_log(struct planning *p)
{
    struct log_planning l = open_log(p);
    struct cluster_facts unused;
    if (l.command == LOGBACKUP_UNKNOWN)
        unknown_command(&l);
    else if (sub_is(&l, "Complete") || logbackup_in_sync(l.command, &l.known))
        log_watch(p, &l.status);
    else if (is_over(&l))
        plan_wait(p, 0, "the log backup is stopped: %s can no longer run", logbackup_command_text(l.command));
    else if (sub_is(&l, "Failed"))
        plan_wait(p, 0, "%s failed; it is not run again", logbackup_command_text(l.command));
    else if (backup_blocked(p, l.command, &unused))
        return;
    else if (l.command == LOGBACKUP_TRUNCATE && truncation_ends(&l))
        return;
    else if (l.command != LOGBACKUP_START && l.command != LOGBACKUP_RESUME && !l.known.started)
        plan_wait(p, 0, "%s waits until the log backup has started", logbackup_command_text(l.command));
    else if (l.command == LOGBACKUP_RESUME && log_pause_expired(p, &l.status))
        resume_too_late(&l);
    else
        run_command(&l);
}
