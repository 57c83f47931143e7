/* The end of a Backup: its Jobs end, a log backup's task is stopped, the data goes if the policy says so, and
 * then the object may go. Each step waits for the one before, and says what it waits for. */
#include "backup.h"
#include "log_truth.h"

#include "operator.h"
#include "timestamp.h"

/* Deletes what still runs of these Jobs; true when all have ended. */
static bool jobs_ended(struct planning *p, const slice *names, size_t count)
{
    bool ended = true;
    for (size_t i = 0; i < count; i++) {
        const struct node *job;
        enum job_state state = seen_job(p, names[i], &job);
        if (state == JOB_RUNNING)
            plan_act(p, PLAN_DELETE, job, LIT("the Backup is being deleted"));
        if (state == JOB_RUNNING || state == JOB_GOING || seen_pod(p, names[i])) {
            plan_wait(p, p->now + LOOK_AGAIN_SECONDS, "Job %.*s must end first", FMT(names[i]));
            ended = false;
        }
    }
    return ended;
}

static bool own_jobs_ended(struct planning *p)
{
    static const enum logbackup_command commands[] = {LOGBACKUP_START, LOGBACKUP_PAUSE, LOGBACKUP_RESUME,
                                                      LOGBACKUP_TRUNCATE, LOGBACKUP_STOP};
    enum { COUNT = sizeof commands / sizeof *commands };
    slice names[COUNT];
    if (p->seen->unknown & (UNKNOWN_JOBS | UNKNOWN_PODS)) {
        plan_wait(p, p->now + LOOK_AGAIN_SECONDS, "the Jobs and pods could not be listed");
        return false;
    }
    if (!p->object->backup->is_log) {
        names[0] = snapshot_job_name(p);
        return jobs_ended(p, names, 1);
    }
    for (size_t i = 0; i < COUNT; i++)
        names[i] = log_job_name(p, commands[i]);
    return jobs_ended(p, names, COUNT);
}

/* ---- stopping the task ---- */

static bool is_stopped(const struct planning *p)
{
    const struct backup_status *s = &p->object->status;
    return slice_eq(s->phase, LIT("Stopped")) ||
           slice_eq(backup_sub_phase(s, LOGBACKUP_STOP), LIT("Complete"));
}

static void say_stopped(struct planning *p, struct status *s, slice reason, slice message)
{
    status_command(s, LOGBACKUP_STOP, (struct condition){"Complete", false, reason, message});
    status_close(p, s, message);
}

/* Returns whether a start was ever tried. Otherwise there is nothing to stop, whatever the cluster reports. */
static bool never_started(const struct planning *p)
{
    const struct backup_status *s = &p->object->status;
    slice start = backup_sub_phase(s, LOGBACKUP_START);
    bool tried = start.n && !slice_eq(start, LIT("Invalid")) && !slice_eq(start, LIT("RetryFailed"));
    return !text_given(&s->commit_ts.text) && !tried &&
           seen_job(p, log_job_name(p, LOGBACKUP_START), NULL) == JOB_ABSENT;
}

static void run_stop_job(struct planning *p, struct status *s, const struct cluster_facts *c)
{
    struct job_problem problem;
    if (plan_refused(p, "Job", stop_job_name(p)))
        return;
    struct node *job = log_job(p, c, LOGBACKUP_STOP, stop_job_name(p), &problem);
    if (!job) {
        job_wait(p, "the task cannot be stopped: ", problem);
        return;
    }
    status_command(
        s, LOGBACKUP_STOP,
        (struct condition){"Scheduled", false, LIT("StopLogBackupJobCreated"),
                           arena_fmt(p->arena, "Stop log backup job %.*s created", FMT(stop_job_name(p)))});
    status_close(p, s, LIT("written before the Job is created: its pod takes an empty phase for a restart"));
    plan_act(p, PLAN_CREATE, job, LIT("the task runs in the cluster and must be stopped"));
    plan_wait_job(p, stop_job_name(p), arena_fmt(p->arena, "Job %.*s stops the task", FMT(stop_job_name(p))));
}

/* The stop Job ended, and the cluster says that the task is still there: once more, after a while. */
static void stop_again(struct planning *p, const struct node *job)
{
    struct timestamp t;
    const struct node *conditions = node_at(job, "status.conditions");
    slice ended = tree_text(node_first(conditions), "lastTransitionTime");
    int64_t at = ended.n && timestamp_parse(ended, &t, NULL) ? t.ms / 1000 + LOOK_AGAIN_SECONDS : p->now;
    if (p->now >= at)
        plan_act(p, PLAN_DELETE, job, LIT("it did not stop the task; another one will try"));
    plan_wait(p, at > p->now ? at : p->now + LOOK_AGAIN_SECONDS,
              "the task still runs though Job %.*s ended: see its pod's log", FMT(stop_job_name(p)));
}

static void stop_task(struct planning *p, struct status *s, const struct cluster_facts *c)
{
    const struct node *job;
    switch (seen_job(p, stop_job_name(p), &job)) {
    case JOB_ABSENT:
        run_stop_job(p, s, c);
        break;
    case JOB_COMPLETE:
    case JOB_FAILED:
        stop_again(p, job);
        break;
    case JOB_RUNNING:
    case JOB_GOING:
        plan_wait_job(p, stop_job_name(p),
                      arena_fmt(p->arena, "Job %.*s stops the task", FMT(stop_job_name(p))));
        break;
    case JOB_FOREIGN:
        plan_wait_blocked(p, stop_job_name(p), JOB_FOREIGN);
        break;
    }
}

/* True when no task is left, and that has been written down. */
static bool task_stopped(struct planning *p)
{
    struct status s = status_open(p);
    if (is_stopped(p)) {
        bool runs = seen_job(p, stop_job_name(p), NULL) == JOB_RUNNING;
        if (runs)
            plan_wait(p, 0, "the pod of Job %.*s ends", FMT(stop_job_name(p)));
        return !runs;
    }
    if (never_started(p)) {
        say_stopped(p, &s, LIT("LogBackupNotStarted"),
                    LIT("Log backup has not started, so there is no need to stop it"));
        return true;
    }
    struct cluster_facts c = seen_cluster(p, &p->object->backup->job.br);
    if (c.hidden) {
        plan_wait(p, p->now + LOOK_AGAIN_SECONDS, "%s", c.problem);
        return false;
    }
    if (c.problem) {
        say_stopped(p, &s, LIT("ClusterGone"), LIT("the cluster is gone, and its log backup task with it"));
        return true;
    }
    bool started = text_given(&p->object->status.commit_ts.text);
    switch (log_truth(p, LOGBACKUP_STOP)) {
    case TRUTH_UNKNOWN:
    case TRUTH_NO_TASK:
        return false;
    case TRUTH_NOT_DONE:
        stop_task(p, &s, &c);
        return false;
    case TRUTH_DONE:
        break;
    }
    say_stopped(p, &s, started ? LIT("LogTaskObserved") : LIT("LogBackupNotStarted"),
                started ? LIT("the cluster has no log backup task of this name")
                        : LIT("Log backup has not started, so there is no need to stop it"));
    return true;
}

/* ---- cleaning the data ---- */

static bool has_failed(const struct planning *p)
{
    const struct backup_status *status = &p->object->status;
    if (!p->object->backup->is_log)
        return status_has(status->node, "Failed");
    struct logbackup_spec spec = backup_log_spec(p->object->backup);
    struct logbackup_status known = backup_log_status(status);
    enum logbackup_command command = logbackup_effective_command(object_operator(p->object), &spec, &known);
    return slice_eq(backup_sub_phase(status, command), LIT("Failed"));
}

static bool must_clean(const struct planning *p)
{
    slice policy = p->object->backup->clean_policy.value;
    return slice_eq(policy, LIT("Delete")) || (slice_eq(policy, LIT("OnFailure")) && has_failed(p));
}

static void run_clean_job(struct planning *p, struct status *s)
{
    struct job_problem problem;
    if (plan_refused(p, "Job", clean_job_name(p)))
        return;
    struct node *job = clean_job(p, &problem);
    if (!job) {
        job_wait(p, "the data cannot be cleaned: ", problem);
        return;
    }
    slice message = arena_fmt(p->arena, "Clean job %.*s created", FMT(clean_job_name(p)));
    status_condition(s, (struct condition){"Clean", true, LIT("CleanJobCreated"), message});
    status_close(p, s, message);
    plan_act(p, PLAN_CREATE, job, LIT("cleanPolicy says that the data is deleted with the object"));
    plan_wait_job(p, clean_job_name(p),
                  arena_fmt(p->arena, "Job %.*s deletes the data", FMT(clean_job_name(p))));
}

static bool data_cleaned(struct planning *p)
{
    struct status s = status_open(p);
    if (!must_clean(p) || status_has(p->object->status.node, "Clean"))
        return true;
    if (!p->object->status.backup_path.n) {
        slice message = LIT("The backup path is empty, so there is no need to clean up backup data");
        status_condition(&s, (struct condition){"Clean", false, LIT("DataCleaned"), message});
        status_close(p, &s, message);
        return true;
    }
    switch (seen_job(p, clean_job_name(p), NULL)) {
    case JOB_ABSENT:
        run_clean_job(p, &s);
        return false;
    case JOB_COMPLETE:
        return true;
    case JOB_FAILED:
        plan_wait(
            p, 0,
            "the data could not be deleted: see the log of Job %.*s; delete that Job to try again, or set "
            "cleanPolicy: Retain to let the object go and keep the data",
            FMT(clean_job_name(p)));
        return false;
    case JOB_RUNNING:
    case JOB_GOING:
        plan_wait_job(p, clean_job_name(p),
                      arena_fmt(p->arena, "Job %.*s deletes the data", FMT(clean_job_name(p))));
        return false;
    case JOB_FOREIGN:
        break;
    }
    plan_wait_blocked(p, clean_job_name(p), JOB_FOREIGN);
    return false;
}

/* ---- letting go ---- */

static void remove_finalizer(struct planning *p, slice why)
{
    slice name = slice_of(object_finalizer(p->object));
    struct node *patch = plan_patch(p);
    struct node *list = tree_put_array(p->arena, node_get(patch, LIT("metadata")), "finalizers");
    for (const struct node *n = node_first(p->object->metadata.finalizers.node); n; n = node_next(n))
        if (n->kind != NODE_STRING || !slice_eq(n->text, name))
            tree_put_copy(p->arena, list, NULL, n);
    plan_act(p, PLAN_PATCH, patch, why);
    plan_wait(p, 0, "%.*s", FMT(why));
}

void plan_deletion(struct planning *p)
{
    if (!object_has_finalizer(p->object, object_finalizer(p->object)))
        plan_wait(p, 0, "it is being deleted, and nothing here holds it");
    else if (p->seen->refused.terminating)
        remove_finalizer(p,
                         LIT("the namespace is being deleted and takes no new Job: nothing can be stopped or "
                             "cleaned from here any more"));
    else if (!own_jobs_ended(p) || (p->object->backup->is_log && !task_stopped(p)) || !data_cleaned(p))
        return;
    else
        remove_finalizer(p, LIT("there is nothing left to do for it"));
}
