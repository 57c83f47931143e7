/* Plans for a Backup: the steps common to all, and snapshots. */
#include "backup.h"

#include "backup_check.h"
#include "operator.h"
#include "timestamp.h"

/* Whether the data or the task must be cleaned up before the object may be deleted. */
static bool needs_finalizer(const struct backup_spec *b)
{
    slice policy = b->clean_policy.value;
    return b->is_log || slice_eq(policy, LIT("Delete")) || slice_eq(policy, LIT("OnFailure"));
}

static void add_finalizer(struct planning *p)
{
    const char *name = object_finalizer(p->object);
    if (!needs_finalizer(p->object->backup) || object_has_finalizer(p->object, name))
        return;
    struct node *patch = plan_patch(p);
    struct node *list = tree_put_array(p->arena, node_get(patch, LIT("metadata")), "finalizers");
    tree_put_elements(p->arena, list, p->object->metadata.finalizers.node);
    tree_put_text(p->arena, list, NULL, slice_of(name));
    plan_act(p, PLAN_PATCH, patch,
             p->object->backup->is_log
                 ? LIT("the log backup's task must be stopped before this object is removed")
                 : LIT("the data must be deleted before this object is removed"));
}

void plan_backup(struct planning *p)
{
    if (p->object->metadata.deleting) {
        plan_deletion(p);
        return;
    }
    add_finalizer(p);
    if (p->object->backup->is_log)
        plan_log(p);
    else
        plan_snapshot(p);
}

/* ---- snapshots ---- */

static void claim_volume(struct planning *p)
{
    slice name = export_claim_name(p);
    if (!seen_find(p, "PersistentVolumeClaim", plan_namespace(p), name))
        plan_act(p, PLAN_CREATE, export_claim(p), LIT("Dumpling writes its files there first"));
}

static void start_snapshot(struct planning *p, struct status *s, const struct cluster_facts *c)
{
    struct job_problem problem;
    bool br = p->object->backup->job.br.node != NULL;
    struct node *job = br ? snapshot_job(p, c, &problem) : export_job(p, &problem);
    if (job && !br && !slice_eq(p->seen->refused.name, snapshot_job_name(p)))
        claim_volume(p);
    backup_start(p, s, LOGBACKUP_UNKNOWN, job, snapshot_job_name(p), problem);
}

static int64_t job_finished_at(const struct node *job)
{
    struct timestamp t;
    slice at = tree_text_at(job, "status.completionTime");
    return at.n && timestamp_parse(at, &t, NULL) ? t.ms / 1000 : 0;
}

/* The pod writes the result before it ends. If it could not, the Backup would stay in Running forever. */
static void complete_unreported(struct planning *p, struct status *s, const struct node *job)
{
    enum { REPORT_SECONDS = 600 };
    int64_t until = job_finished_at(job) + REPORT_SECONDS;
    if (p->now < until) {
        plan_wait(p, until, "the Job is complete, its pod's report is on the way");
        return;
    }
    slice message = LIT("the Job completed and its pod never reported a result: the data may be whole, but "
                        "its commitTs is not known");
    status_condition(s, (struct condition){"Failed", false, LIT("BackupNotReported"), message});
    status_close(p, s, message);
    plan_wait(p, 0, "%.*s", FMT(message));
}

static void failed_job(struct planning *p, struct status *s, const struct node *job)
{
    switch (retry_pending(p, s, snapshot_job_name(p))) {
    case RETRY_WAITS:
        return;
    case RETRY_DUE:
        plan_act(p, PLAN_DELETE, job, LIT("the Job failed and its retry is due"));
        plan_wait(p, 0, "the failed Job must be gone before the next one");
        return;
    default:
        break;
    }
    bool ends = retry_record(p, s, LOGBACKUP_UNKNOWN, job) == RETRY_GIVEN_UP;
    status_close(p, s, LIT("the Job failed and its pod reported nothing"));
    if (ends)
        plan_wait(p, 0, "the Job failed too often: it will not run again");
}

static void absent_job(struct planning *p, struct status *s)
{
    struct cluster_facts c;
    enum retry pending = retry_pending(p, s, snapshot_job_name(p));
    if (pending == RETRY_WAITS || backup_blocked(p, LOGBACKUP_UNKNOWN, &c))
        return;
    if (pending == RETRY_DUE)
        retry_trigger(p, s, snapshot_job_name(p));
    start_snapshot(p, s, &c);
}

void plan_snapshot(struct planning *p)
{
    const struct node *job, *status = p->object->status.node;
    struct status s = status_open(p);
    if (status_has(status, "Complete") || status_has(status, "Failed")) {
        plan_wait(p, 0, "the backup is %s", status_has(status, "Complete") ? "complete" : "failed");
        return;
    }
    enum job_state state = seen_job(p, snapshot_job_name(p), &job);
    switch (state) {
    case JOB_ABSENT:
        absent_job(p, &s);
        break;
    case JOB_RUNNING:
        plan_wait_job(p, snapshot_job_name(p), LIT("the Job runs"));
        break;
    case JOB_COMPLETE:
        complete_unreported(p, &s, job);
        break;
    case JOB_FAILED:
        failed_job(p, &s, job);
        break;
    case JOB_GOING:
    case JOB_FOREIGN:
        plan_wait_blocked(p, snapshot_job_name(p), state);
        break;
    }
}
