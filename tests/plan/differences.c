/* Where we differ from what was recorded, on purpose. docs/RECONCILER.md has the same table.
 *
 * A difference is explained only when nothing else differs: the part that it names is made alike on both sides, and
 * then they must be equal. */
#include "replay.h"

#include "tree.h"

const struct difference differences[] = {
    {"stop-job-tls",
     "v2 mounts the certificate of its stop Job where the pod does not look: the task goes on"},
    {"scheduled-first", "the condition Scheduled is written before the Job, so that its pod does not see an "
                        "empty phase; it stays when the API server then refuses the Job"},
    {"own-words", "what is wrong with the spec is said in brgate's words, not in those of Go's parsers"},
    {"secret-not-shown", "the operators print the Secret's data into the message"},
    {"status-lost", "the operator's condition has a reason that the CRD refuses, or it writes none: the user "
                    "sees an object without any status"},
    {"operator-panic", "the operator dereferences nil; here it is a condition"},
    {"no-collector", "the recording had no garbage collector: there the object stayed for want of one"},
    {"second-stop", "v2 stops a task once more after it was stopped and cleaned, and waits for that"},
    {"zero-retries", "v1's typed client drops maxRetryTimes: 0, and the CRD's default 6 comes back"},
    {"due-time-name", "a run's name and folder come from its due time, not from the moment of its creation"},
    {"long-name", "the operator makes children whose Jobs' names are too long; here they are shortened"},
    {"recorded-early", "the status was recorded before the operator had written it"},
};
const size_t difference_count = sizeof differences / sizeof *differences;

/* ---- Jobs ---- */

static void rename_tls(struct arena *a, struct node *job)
{
    struct node *pod = node_at(job, "spec.template.spec");
    struct node *mounts = node_get(node_first(node_get(pod, LIT("containers"))), LIT("volumeMounts"));
    for (struct node *v = node_first(node_get(pod, LIT("volumes"))); v; v = node_next(v))
        if (slice_eq(tree_text(v, "name"), LIT("ti-tls")))
            tree_set_text(a, v, "name", LIT("ti-cluster-client-tls"));
    for (struct node *m = node_first(mounts); m; m = node_next(m))
        if (slice_eq(tree_text(m, "name"), LIT("ti-tls"))) {
            tree_set_text(a, m, "name", LIT("ti-cluster-client-tls"));
            tree_set_text(a, m, "mountPath", LIT("/var/lib/cluster-client-tls"));
        }
}

static bool wants_no_retries(const struct replay *r)
{
    const struct node *n = node_at(r->input, "spec.maxRetryTimes");
    return n && n->kind == NODE_INT && n->integer == 0;
}

static bool was_stopped(const struct replay *r)
{
    const struct node *all = node_at(replay_object(r), "status.logSubCommandStatuses");
    return slice_eq(tree_text(node_get(all, LIT("log-stop")), "phase"), LIT("Complete"));
}

const char *job_difference(const struct replay *r, const struct node *ours, const struct node *recorded)
{
    struct arena *a = r->world.arena;
    struct node *renamed = node_copy(a, recorded, 0);
    bool stops = slice_starts(tree_text_at(recorded, "metadata.name"), LIT("stop-"));
    if (!ours)
        return stops && (!replay_object(r) || was_stopped(r)) ? "second-stop" : NULL;
    if (wants_no_retries(r)) {
        struct node *six = node_new(a, NODE_INT, 0), *changed = node_copy(a, ours, 0);
        six->integer = 6;
        tree_set(node_get(changed, LIT("spec")), "backoffLimit", six);
        return stored_difference(a, changed, recorded).n ? NULL : "zero-retries";
    }
    if (!stops)
        return NULL;
    rename_tls(r->world.arena, renamed);
    return stored_difference(r->world.arena, ours, renamed).n ? NULL : "stop-job-tls";
}

/* ---- statuses ---- */

/* Calls `change` for every condition of the whole and of the commands. */
static void each_condition(struct arena *a, struct node *status,
                           void (*change)(struct arena *a, struct node *c))
{
    for (struct node *c = node_first(node_get(status, LIT("conditions"))); c; c = node_next(c))
        change(a, c);
    struct node *all = node_get(status, LIT("logSubCommandStatuses"));
    for (struct node *sub = node_first(all); sub; sub = node_next(sub))
        for (struct node *c = node_first(node_get(sub, LIT("conditions"))); c; c = node_next(c))
            change(a, c);
    for (struct node *c = node_first(node_get(status, LIT("backoffRetryStatus"))); c; c = node_next(c))
        change(a, c);
}

static void drop_scheduled(struct arena *a, struct node *c)
{
    (void)a;
    if (slice_eq(tree_text(c, "type"), LIT("Scheduled")))
        c->flags |= NODE_DROPPED;
}

static void drop_words_of_invalid(struct arena *a, struct node *c)
{
    if (slice_eq(tree_text(c, "reason"), LIT("InvalidSpec")))
        tree_set_text(a, c, "message", (slice){0});
}

static void drop_secret_words(struct arena *a, struct node *c)
{
    if (slice_starts(tree_text(c, "reason"), LIT("azblob")))
        tree_set_text(a, c, "message", (slice){0});
    if (slice_find(tree_text(c, "retryReason"), LIT("storage account")) != SLICE_NONE)
        tree_set_text(a, c, "retryReason", (slice){0});
}

static bool alike(const struct replay *r, const struct node *recorded, bool both,
                  void (*change)(struct arena *a, struct node *c))
{
    struct arena *a = r->world.arena;
    const struct node *x = node_get(replay_object(r), LIT("status")), *y = node_get(recorded, LIT("status"));
    if (!x || !y)
        return false;
    struct node *ours = node_copy(a, x, 0), *theirs = node_copy(a, y, 0);
    each_condition(a, ours, change);
    if (both)
        each_condition(a, theirs, change);
    return !first_difference(a, ours, theirs).n;
}

/* The operator wrote nothing, and we one of the reasons that it has no way to say. */
static const char *silence(const struct replay *r, const struct node *recorded)
{
    static const slice reasons[] = {SLICE("ClusterNotFound"), SLICE("UnsupportedSubcommand")};
    const struct node *ours = node_get(replay_object(r), LIT("status"));
    const struct node *theirs = node_get(recorded, LIT("status"));
    const struct node *conditions = node_get(ours, LIT("conditions"));
    slice error = tree_text(r->outcome, "lastReconcileError");
    if (slice_find(error, LIT("not found")) != SLICE_NONE ||
        slice_find(error, LIT("groups found")) != SLICE_NONE)
        return tree_empty(theirs) ? "status-lost" : NULL;
    if (node_get(theirs, LIT("phase")) || node_get(theirs, LIT("conditions")))
        return NULL;
    if (slice_starts(error, LIT("panic")))
        return "operator-panic";
    if (!conditions) /* of a command that does not show in the whole */
        conditions = node_get(node_first(node_get(ours, LIT("logSubCommandStatuses"))), LIT("conditions"));
    for (const struct node *c = node_first(conditions); c; c = node_next(c))
        for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
            if (slice_eq(tree_text(c, "reason"), reasons[i]))
                return "status-lost";
    return NULL;
}

static bool says(const struct node *object, const char *reason)
{
    const struct node *conditions = node_at(object, "status.conditions");
    for (const struct node *c = node_first(conditions); c; c = node_next(c))
        if (slice_eq(tree_text(c, "reason"), slice_of(reason)))
            return true;
    return false;
}

/* Some files were closed while the operator was still at it: the Job is there, its status not yet. */
static bool recorded_early(const struct replay *r, const struct node *recorded)
{
    const struct node *status = node_get(recorded, LIT("status"));
    bool scheduled = slice_eq(tree_text(status, "state"), LIT("Scheduled"));
    return !tree_empty(node_get(r->outcome, LIT("created"))) && !node_get(status, LIT("conditions")) &&
           (!node_get(status, LIT("state")) || scheduled);
}

const char *status_difference(const struct replay *r, const struct node *recorded)
{
    if (recorded_early(r, recorded))
        return "recorded-early";
    if (r->lossy)
        return "no-collector";
    if (was_stopped(r) && says(recorded, "StopLogBackupJobCreated") && says(recorded, "CleanJobCreated") &&
        !says(replay_object(r), "StopLogBackupJobCreated"))
        return "second-stop";
    if (r->refused_job.n && alike(r, recorded, false, drop_scheduled))
        return "scheduled-first";
    if (alike(r, recorded, true, drop_words_of_invalid))
        return "own-words";
    if (alike(r, recorded, true, drop_secret_words))
        return "secret-not-shown";
    const struct node *x = node_get(replay_object(r), LIT("status")), *y = node_get(recorded, LIT("status"));
    if (wants_no_retries(r) && slice_eq(tree_text(x, "state"), tree_text(y, "state")) &&
        slice_eq(tree_text(x, "message"), tree_text(y, "message")))
        return "zero-retries";
    return silence(r, recorded);
}
