#include "pods.h"

#include "civil.h"
#include "timestamp.h"
#include "tree.h"

static slice now_text(const struct world *w)
{
    struct buf b = buf_new(w->arena, 64);
    civil_put(&b, w->now);
    return buf_slice(&b);
}

static slice tso_text(const struct world *w, uint64_t tso)
{
    return arena_fmt(w->arena, "%llu", (unsigned long long)tso);
}

struct log_task cluster_log_answer(const struct cluster_log *log)
{
    return (struct log_task){.known = true,
                             .found = log->found,
                             .paused = log->paused,
                             .start_ts = log->start,
                             .checkpoint = log->checkpoint,
                             .missing_since = log->found ? 0 : log->missing_since};
}

/* ---- what a Job is for ---- */

static slice arg_value(const struct node *job, slice prefix)
{
    const struct node *c = node_first(node_at(job, "spec.template.spec.containers"));
    for (const struct node *n = node_first(node_get(c, LIT("args"))); n; n = node_next(n))
        if (slice_starts(n->text, prefix))
            return slice_from(n->text, prefix.n);
    return (slice){0};
}

static bool is_backup_job(const struct node *job)
{
    const struct node *owner = node_first(node_at(job, "metadata.ownerReferences"));
    return slice_eq(tree_text(owner, "kind"), LIT("Backup"));
}

enum job_work job_work(const struct node *job)
{
    if (!is_backup_job(job))
        return WORK_COMPACT;
    const struct node *c = node_first(node_at(job, "spec.template.spec.containers"));
    if (slice_eq(node_text(node_first(node_get(c, LIT("args")))), LIT("clean")))
        return WORK_CLEAN;
    return slice_eq(arg_value(job, LIT("--mode=")), LIT("log")) ? WORK_LOG : WORK_SNAPSHOT;
}

slice job_log_command(const struct node *job)
{
    return arg_value(job, LIT("--subcommand="));
}

bool job_has_begun(const struct node *job)
{
    return node_at(job, "status.active") != NULL;
}

bool job_has_ended(const struct node *job)
{
    return !tree_empty(node_at(job, "status.conditions"));
}

static struct node *object_of(const struct world *w, const struct node *job)
{
    const struct node *owner = node_first(node_at(job, "metadata.ownerReferences"));
    const char *kind = is_backup_job(job) ? "Backup" : "CompactBackup";
    return world_find(w, kind, tree_text_at(job, "metadata.namespace"), tree_text(owner, "name"));
}

/* ---- reports ---- */

static void add_condition(struct world *w, struct node *owner, slice type)
{
    struct arena *a = w->arena;
    struct node *list = node_get(owner, LIT("conditions"));
    if (!list)
        list = tree_put_array(a, owner, "conditions");
    struct node *c = node_first(list);
    while (c && !slice_eq(tree_text(c, "type"), type))
        c = node_next(c);
    if (!c)
        c = tree_put_object(a, list, NULL);
    tree_set_text(a, c, "type", type);
    tree_set_text(a, c, "status", LIT("True"));
    tree_set_text(a, c, "reason", type);
    tree_set_text(a, c, "message", LIT(""));
    tree_set_text(a, c, "lastTransitionTime", now_text(w));
}

static struct node *status_of(struct world *w, struct node *object)
{
    if (!node_get(object, LIT("status")))
        tree_put_object(w->arena, object, "status");
    return node_get(object, LIT("status"));
}

static void report(struct world *w, struct node *backup, slice type)
{
    struct node *status = status_of(w, backup);
    add_condition(w, status, type);
    tree_set_text(w->arena, status, "phase", type);
}

/* ---- snapshots ---- */

/* BR takes the snapshot of the moment at which it starts. */
static uint64_t snapshot_tso(const struct world *w, const struct node *job)
{
    struct timestamp t;
    slice started = tree_text_at(job, "status.startTime");
    return started.n && timestamp_parse(started, &t, NULL) ? t.tso : timestamp_tso(w->now * 1000);
}

static void snapshot_ends(struct world *w, const struct node *job, struct node *backup, bool works)
{
    tree_set_text(w->arena, status_of(w, backup), "backupPath", LIT("s3://store/x"));
    if (works)
        tree_set_text(w->arena, status_of(w, backup), "commitTs", tso_text(w, snapshot_tso(w, job)));
    report(w, backup, works ? LIT("Complete") : LIT("Failed"));
}

/* ---- logs ---- */

/* Does to the task what br would do; false when br refuses. */
static bool change_task(struct world *w, struct cluster_log *log, slice command)
{
    if (slice_eq(command, LIT("log-start"))) {
        if (log->found)
            return false;
        *log = (struct cluster_log){.found = true, .start = timestamp_tso(w->now * 1000)};
        return true;
    }
    if (slice_eq(command, LIT("log-truncate")))
        return true;
    if (!log->found)
        return false;
    if (slice_eq(command, LIT("log-stop")))
        *log = (struct cluster_log){.missing_since = w->now};
    else if (log->paused == slice_eq(command, LIT("log-pause")))
        return false;
    else
        log->paused = !log->paused;
    return true;
}

static void report_log(struct world *w, const struct cluster_log *log, const struct node *job,
                       struct node *backup, bool done)
{
    struct arena *a = w->arena;
    slice command = job_log_command(job), outcome = done ? LIT("Complete") : LIT("Failed");
    struct node *status = status_of(w, backup);
    struct node *own = node_get(node_get(status, LIT("logSubCommandStatuses")), command);
    if (!own)
        return;
    add_condition(w, own, outcome);
    tree_set_text(a, own, "phase", outcome);
    tree_set_text(a, own, "timeCompleted", now_text(w));
    if (slice_eq(command, LIT("log-start"))) {
        if (done)
            tree_set_text(a, status, "commitTs", tso_text(w, log->start));
        tree_set_text(a, status, "backupPath", LIT("s3://store/log"));
        report(w, backup, done ? LIT("Running") : LIT("Failed"));
    } else if (done && slice_eq(command, LIT("log-stop"))) {
        report(w, backup, LIT("Stopped"));
    } else if (done && slice_eq(command, LIT("log-pause"))) {
        report(w, backup, LIT("Paused"));
    } else if (done && slice_eq(command, LIT("log-resume"))) {
        report(w, backup, LIT("Running"));
    } else if (done && slice_eq(command, LIT("log-truncate"))) {
        tree_set_text(a, status, "logSuccessTruncateUntil", arg_value(job, LIT("--truncate-until=")));
    }
}

/* ---- compactions ---- */

static bool is_older(const struct node *object)
{
    return slice_starts(tree_text(object, "apiVersion"), LIT("pingcap.com/"));
}

/* Each failure leaves a record, the first one without a number. */
static void record_retry(struct world *w, struct node *status)
{
    int64_t number = 0;
    if (!node_get(status, LIT("backoffRetryStatus")))
        tree_put_array(w->arena, status, "backoffRetryStatus");
    struct node *records = node_get(status, LIT("backoffRetryStatus"));
    for (const struct node *n = node_first(records); n; n = node_next(n))
        number++;
    struct node *record = tree_put_object(w->arena, records, NULL);
    if (number)
        tree_put_int(w->arena, record, "retryNum", number);
    tree_put_text(w->arena, record, "detectFailedAt", now_text(w));
    tree_put_text(w->arena, record, "retryReason", LIT("exit status 1"));
}

/* The backup-manager of v1 writes the state; v2's pod leaves that to the controller that reads its Job. What failed may be
 * tried again by the Job: the controller says when it has Failed. */
static void report_compaction(struct world *w, struct node *compaction, const char *state)
{
    struct timestamp end;
    if (!is_older(compaction))
        return;
    struct node *status = status_of(w, compaction);
    tree_set_text(w->arena, status, "state", slice_of(state));
    if (!strcmp(state, "RetryFailed"))
        record_retry(w, status);
    if (!strcmp(state, "Complete") && timestamp_parse(tree_text_at(compaction, "spec.endTs"), &end, NULL))
        tree_set_text(w->arena, status, "endTs", tso_text(w, end.tso));
}

/* ---- a Job's life ---- */

void pod_begins(struct world *w, struct node *job)
{
    struct node *status = node_get(job, LIT("status")), *object = object_of(w, job);
    enum job_work work = job_work(job);
    tree_put_int(w->arena, status, "active", 1);
    tree_set_text(w->arena, status, "startTime", now_text(w));
    world_touch(w, job);
    if (!object || (work != WORK_SNAPSHOT && work != WORK_COMPACT))
        return;
    if (work == WORK_SNAPSHOT)
        report(w, object, LIT("Running"));
    else
        report_compaction(w, object, "Running");
    world_touch(w, object);
}

static void end_job(struct world *w, struct node *job, slice how)
{
    struct node *status = node_get(job, LIT("status"));
    add_condition(w, status, how);
    if (slice_eq(how, LIT("Complete")))
        tree_set_text(w->arena, status, "completionTime", now_text(w));
    world_touch(w, job);
}

void pod_ends(struct world *w, struct cluster_log *log, struct node *job, struct pod_end end)
{
    struct node *object = object_of(w, job);
    bool works = end.works;
    if (!object)
        return;
    switch (job_work(job)) {
    case WORK_SNAPSHOT:
        if (end.reports)
            snapshot_ends(w, job, object, works);
        break;
    case WORK_LOG:
        works = works && change_task(w, log, job_log_command(job));
        if (end.reports)
            report_log(w, log, job, object, works);
        break;
    case WORK_CLEAN:
        if (works)
            add_condition(w, status_of(w, object), LIT("Clean"));
        break;
    case WORK_COMPACT:
        if (end.reports)
            report_compaction(w, object, works ? "Complete" : "RetryFailed");
        break;
    }
    world_touch(w, object);
    end_job(w, job, end.works && end.reports ? LIT("Complete") : LIT("Failed"));
}

bool pod_tries_again(struct world *w, struct node *job)
{
    struct node *object = object_of(w, job);
    bool again = slice_eq(tree_text_at(job, "spec.template.spec.restartPolicy"), LIT("OnFailure"));
    if (!again || !object || job_work(job) != WORK_COMPACT)
        return false;
    report_compaction(w, object, "RetryFailed");
    world_touch(w, object);
    return true;
}
