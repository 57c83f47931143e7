/* Plans for a CompactBackup: one Job, and its result.
 *
 * The pod of v1's backup-manager writes the state itself. The pod of v2's Job does not: the state follows from Job and
 * pod, and progress and result are in the container's termination message. */
#include "compact.h"

#include "backup.h"
#include "num.h"
#include "timestamp.h"

enum { FIRST_RETRY_SECONDS = 10, MOST_RETRY_SECONDS = 360 }; /* [compact_backup_controller.go: maxInterval] */

struct compaction {
    struct planning *planning;
    struct status status;
    slice state;
};

static void set_state(struct compaction *c, const char *state, slice message)
{
    struct arena *a = c->planning->arena;
    bool was_denied = slice_eq(c->state, LIT("Invalid")); /* its message no longer holds */
    c->state = slice_of(state);
    tree_set_text(a, c->status.root, "state", c->state);
    if (message.n || was_denied)
        tree_set_text(a, c->status.root, "message", message);
}

/* The checks of v1's controller, which v2 lacks. */
static slice fault_of(const struct planning *p)
{
    const struct compact_spec *s = p->object->compact;
    bool sharded = slice_eq(s->mode.value, LIT("sharded"));
    if (!s->job.br.node)
        return LIT("spec.br must be set");
    if (text_empty(&s->start_ts.text))
        return LIT("start-ts must be set");
    if (text_empty(&s->end_ts.text) && !sharded)
        return LIT("end-ts must be set");
    if (!s->start_ts.ok || (!s->end_ts.ok && !text_empty(&s->end_ts.text)))
        return LIT("startTs and endTs must be a TSO or a time");
    if (s->concurrency.value <= 0)
        return LIT("concurrency must be greater than 0");
    if (s->max_retry_times.value < 0)
        return LIT("maxRetryTimes must be greater than or equal to 0");
    if (sharded != (s->shard_count.value >= 1))
        return sharded ? LIT("shardCount must be greater than or equal to 1")
                       : LIT("shardCount must not be set when mode is not sharded");
    return (slice){0};
}

/* ---- a Job that cannot be made ---- */

static struct node *records_of(struct compaction *c)
{
    struct node *list = node_get(c->status.root, LIT("backoffRetryStatus"));
    return list && list->kind == NODE_ARRAY ? list : NULL;
}

static size_t record_count(struct compaction *c)
{
    size_t count = 0;
    for (const struct node *n = node_first(records_of(c)); n; n = node_next(n))
        count++;
    return count;
}

/* 10 s after the first failure, then twice as long each time. 0: there was none. */
static int64_t next_attempt(struct compaction *c)
{
    struct timestamp t;
    const struct node *last = NULL;
    for (const struct node *n = node_first(records_of(c)); n; n = node_next(n))
        last = n;
    slice at = tree_text(last, "detectFailedAt");
    if (!at.n || !timestamp_parse(at, &t, NULL))
        return 0;
    int64_t wait = FIRST_RETRY_SECONDS;
    for (size_t i = 1; i < record_count(c) && wait < MOST_RETRY_SECONDS; i++)
        wait *= 2;
    return t.ms / 1000 + (wait < MOST_RETRY_SECONDS ? wait : MOST_RETRY_SECONDS);
}

static void record_failure(struct compaction *c, slice why)
{
    struct planning *p = c->planning;
    struct arena *a = p->arena;
    size_t number = record_count(c);
    if (!records_of(c))
        tree_set(c->status.root, "backoffRetryStatus", tree_array(a));
    struct node *record = tree_put_object(a, records_of(c), NULL);
    if (number)
        tree_put_int(a, record, "retryNum", (int64_t)number);
    tree_put_text(a, record, "detectFailedAt", plan_time(p, p->now));
    tree_put_text(a, record, "retryReason", why);
    bool ends = (int64_t)number > p->object->compact->max_retry_times.value;
    if (ends)
        set_state(c, "Failed", LIT("create job failed, reached max retry times"));
    else
        set_state(c, "RetryFailed", (slice){0});
    status_close(p, &c->status, why);
    plan_wait(p, ends ? 0 : next_attempt(c), "the Job cannot be made: %.*s", FMT(why));
}

static void create_job(struct compaction *c)
{
    struct planning *p = c->planning;
    const struct refused *r = &p->seen->refused;
    struct job_problem problem = {0};
    int64_t at = next_attempt(c);
    if (p->now < at) {
        plan_wait(p, at, "the next attempt is at %.*s", FMT(plan_time(p, at)));
        return;
    }
    if (p->seen->unknown & (UNKNOWN_JOBS | UNKNOWN_PODS) || seen_pod(p, plan_name(p))) {
        plan_wait(p, p->now + LOOK_AGAIN_SECONDS, "a pod of Job %.*s may still run", FMT(plan_name(p)));
        return;
    }
    if (slice_eq(r->name, plan_name(p)) && slice_eq(r->kind, LIT("Job"))) {
        record_failure(c, arena_fmt(p->arena, "create compact %.*s/%.*s job %.*s failed, err: %.*s",
                                    FMT(plan_namespace(p)), FMT(plan_name(p)), FMT(plan_name(p)),
                                    FMT(r->message)));
        return;
    }
    struct cluster_facts facts = seen_cluster(p, &p->object->compact->job.br);
    if (facts.hidden) {
        plan_wait(p, p->now + LOOK_AGAIN_SECONDS, "%s", facts.problem);
        return;
    }
    struct node *job = plan_v2(p) ? compact_job_v2(p, &facts, &problem) : compact_job_v1(p, &facts, &problem);
    if (!job || facts.problem) {
        record_failure(c, job ? slice_of(facts.problem) : problem.message);
        return;
    }
    set_state(c, "Prepare", (slice){0});
    status_close(p, &c->status,
                 LIT("written before the Job is created, so that it cannot overwrite what the pod reports"));
    plan_act(p, PLAN_CREATE, job, LIT("the compaction has not run yet"));
    plan_wait(p, 0, "Job %.*s compacts", FMT(plan_name(p)));
}

/* ---- a Job that there is ---- */

/* Returns the termination message of the newest pod's container. */
static slice last_word(const struct planning *p)
{
    slice newest = {0}, word = {0};
    for (size_t i = 0; i < p->seen->count; i++) {
        const struct node *pod = p->heads[i]->root;
        if (!is_pod_of(p, p->heads[i], plan_name(p)))
            continue;
        slice made = tree_text_at(pod, "metadata.creationTimestamp");
        const struct node *container = node_first(node_at(pod, "status.containerStatuses"));
        slice message = tree_text_at(container, "state.terminated.message");
        if (message.n && slice_cmp(made, newest) >= 0) {
            newest = made;
            word = message;
        }
    }
    return word;
}

static void annotate(struct planning *p, uint64_t reached)
{
    slice text = arena_fmt(p->arena, "%llu", (unsigned long long)reached);
    if (!reached || slice_eq(tree_text(p->object->metadata.annotations.node, COMPACTED_UNTIL), text))
        return;
    struct node *patch = plan_patch(p);
    struct node *annotations = tree_put_object(p->arena, node_get(patch, LIT("metadata")), "annotations");
    tree_put_text(p->arena, annotations, COMPACTED_UNTIL, text);
    plan_act(p, PLAN_PATCH, patch, LIT("how far it came, for the schedule's next compaction"));
}

/* v1's sharded compaction: the Job knows which of its pods are through. */
static void copy_indexes(struct compaction *c, const struct node *job)
{
    static const char *const keys[] = {"completedIndexes", "failedIndexes"};
    for (size_t i = 0; i < 2 && !plan_v2(c->planning); i++) {
        slice indexes = tree_text(node_get(job, LIT("status")), keys[i]);
        if (indexes.n)
            tree_set_text(c->planning->arena, c->status.root, keys[i], indexes);
    }
}

static void follow_job(struct compaction *c, const struct node *job, enum job_state state)
{
    struct planning *p = c->planning;
    struct compact_report report = compact_report_of(last_word(p));
    copy_indexes(c, job);
    if (report.progress.n)
        tree_set_text(p->arena, c->status.root, "progress", report.progress);
    if (state == JOB_COMPLETE) {
        set_state(c, "Complete", (slice){0});
        if (plan_v2(p))
            annotate(p, report.reached);
    } else if (state == JOB_FAILED) {
        slice why = report.error.n ? report.error : job_failure_reason(job);
        set_state(c, "Failed", arena_fmt(p->arena, "Job has failed: %.*s", FMT(why)));
    } else if (plan_v2(p)) {
        const struct node *active = node_at(job, "status.active");
        set_state(c, active && active->kind == NODE_INT && active->integer > 0 ? "Running" : "Prepare",
                  (slice){0});
    }
    status_close(p, &c->status, LIT("what Job and pod say"));
    plan_wait_job(p, plan_name(p), arena_fmt(p->arena, "the compaction is %.*s", FMT(c->state)));
}

/* ---- the decision ---- */

void plan_compaction(struct planning *p)
{
    struct compaction c = {.planning = p, .status = status_open(p)};
    const struct node *job;
    c.state = tree_text(c.status.root, "state");
    slice fault = fault_of(p);
    if (p->object->metadata.deleting) {
        plan_wait(p, 0, "it is being deleted; its Job goes with it");
        return;
    }
    if (slice_eq(c.state, LIT("Complete")) || slice_eq(c.state, LIT("Failed"))) {
        plan_wait(p, 0, "the compaction is %.*s", FMT(c.state));
        return;
    }
    if (fault.n) {
        set_state(&c, "Failed", fault);
        status_close(p, &c.status, fault);
        plan_wait(p, 0, "%.*s", FMT(fault));
        return;
    }
    enum job_state state = seen_job(p, plan_name(p), &job);
    if (state == JOB_ABSENT)
        create_job(&c);
    else if (state == JOB_GOING || state == JOB_FOREIGN)
        plan_wait_blocked(p, plan_name(p), state);
    else
        follow_job(&c, job, state);
}
