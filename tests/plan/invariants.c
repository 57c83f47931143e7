/* Invariants that hold no matter what is lost, repeated or late. */
#include "simulation.h"

#include "num.h"
#include "timestamp.h"
#include "tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void invariant_broken(struct simulation *s, const char *format, ...)
{
    va_list args;
    if (*s->broken)
        return;
    va_start(args, format);
    vsnprintf(s->broken, sizeof s->broken, format, args);
    va_end(args);
}

enum {
    UNSEEN_SECONDS = 150
}; /* what a host may not have seen: its watch is silent for 90 seconds before it lists again */

bool namespace_is_ending(const struct world *w, slice namespace)
{
    return node_at(world_find(w, "Namespace", (slice){0}, namespace), "metadata.deletionTimestamp") != NULL;
}

static bool is_kind(const struct node *n, const char *kind)
{
    return slice_eq(tree_text(n, "kind"), slice_of(kind));
}

static slice schedule_of(const struct node *n)
{
    const struct node *owner = node_first(node_at(n, "metadata.ownerReferences"));
    return slice_eq(tree_text(owner, "kind"), LIT("BackupSchedule")) ? tree_text(owner, "name") : (slice){0};
}

static bool is_complete(const struct node *n)
{
    return is_kind(n, "Backup") && slice_eq(tree_text_at(n, "status.phase"), LIT("Complete")) &&
           !node_at(n, "metadata.deletionTimestamp");
}

static uint64_t commit_ts(const struct node *n)
{
    uint64_t tso;
    return num_u64(tree_text_at(n, "status.commitTs"), &tso) ? tso : 0;
}

static bool has_ended(const struct node *n)
{
    slice phase = tree_text_at(n, "status.phase");
    return slice_eq(phase, LIT("Complete")) || slice_eq(phase, LIT("Failed")) ||
           slice_eq(phase, LIT("Invalid"));
}

/* ---- runs ---- */

static void no_second_run(struct simulation *s, slice name)
{
    if (slice_eq(name, LIT("log-c"))) {
        s->truncated = 0;
        return; /* the schedule makes it again after a user has deleted it */
    }
    for (size_t i = 0; i < s->name_count; i++)
        if (slice_eq(slice_of(s->names[i]), name))
            invariant_broken(s, "Backup %.*s was made twice", FMT(name));
    if (s->name_count < MOST_NAMES)
        s->names[s->name_count++] = strndup(name.p, name.n);
}

/* The names of a's and c's runs end in their due times: every third hour, 01:30 and 13:30. */
static void is_due(struct simulation *s, slice name)
{
    slice end = slice_from(name, name.n > 8 ? name.n - 8 : 0); /* "03-00-00" */
    bool of_a = slice_starts(name, LIT("a-")), of_c = slice_starts(name, LIT("c-"));
    bool third =
        slice_eq(slice_from(end, 2), LIT("-00-00")) && ((end.p[0] - '0') * 10 + (end.p[1] - '0')) % 3 == 0;
    bool half = slice_eq(end, LIT("01-30-00")) || slice_eq(end, LIT("13-30-00"));
    if ((of_a && !third) || (of_c && !half))
        invariant_broken(s, "Backup %.*s is not named by a due time", FMT(name));
}

void invariants_forget_run(struct simulation *s, slice name)
{
    s->interfered = s->world.now;
    for (size_t i = 0; i < s->name_count; i++) {
        if (!slice_eq(slice_of(s->names[i]), name))
            continue;
        free(s->names[i]);
        s->names[i] = s->names[--s->name_count];
    }
}

static int64_t age(const struct simulation *s, slice since)
{
    struct timestamp t;
    return timestamp_parse(since, &t, NULL) ? s->world.now - t.ms / 1000 : 0;
}

/* Whether it runs, for so long that every host knows. */
static bool is_known_to_run(const struct simulation *s, const struct node *backup)
{
    const struct node *c = node_first(node_at(backup, "status.conditions"));
    while (c && !slice_eq(tree_text(c, "type"), LIT("Running")))
        c = node_next(c);
    return c && slice_eq(tree_text_at(backup, "status.phase"), LIT("Running")) &&
           age(s, tree_text(c, "lastTransitionTime")) > UNSEEN_SECONDS;
}

/* A Backup without a pod for an hour delays no other: an hour by the clock of the host that decides. */
static bool nobody_began(const struct simulation *s, const struct node *n)
{
    enum { PATIENCE = 3600 - MOST_CLOCK_ERROR };
    return !is_known_to_run(s, n) && age(s, tree_text_at(n, "metadata.creationTimestamp")) > PATIENCE;
}

static void no_overlap(struct simulation *s, const struct node *made)
{
    for (size_t i = 0; i < s->world.count; i++) {
        const struct node *n = s->world.items[i];
        if (!is_kind(n, "Backup") || slice_eq(tree_text_at(n, "spec.backupMode"), LIT("log")) ||
            has_ended(n) || node_at(n, "metadata.deletionTimestamp") || nobody_began(s, n) ||
            !slice_eq(tree_text_at(n, "spec.br.cluster"), tree_text_at(made, "spec.br.cluster")) ||
            slice_eq(tree_text_at(n, "metadata.name"), tree_text_at(made, "metadata.name")))
            continue;
        invariant_broken(s, "Backup %.*s was made while %.*s runs", FMT(tree_text_at(made, "metadata.name")),
                         FMT(tree_text_at(n, "metadata.name")));
    }
}

/* ---- what goes ---- */

struct holdings {
    size_t complete;
    uint64_t newest, base; /* the newest at or before the window's beginning */
};

static struct holdings holdings_of(const struct simulation *s, slice schedule, uint64_t window)
{
    struct holdings h = {0};
    for (size_t i = 0; i < s->world.count; i++) {
        const struct node *n = s->world.items[i];
        if (!is_complete(n) || !slice_eq(schedule_of(n), schedule))
            continue;
        uint64_t tso = commit_ts(n);
        h.complete++;
        h.newest = tso > h.newest ? tso : h.newest;
        h.base = tso <= window && tso > h.base ? tso : h.base;
    }
    return h;
}

static bool log_goes_on(const struct simulation *s)
{
    const struct node *log = world_find(&s->world, "Backup", LIT("prod"), LIT("log-c"));
    return log && s->log.found && !node_at(log, "metadata.deletionTimestamp") &&
           !slice_eq(tree_text_at(log, "status.phase"), LIT("Failed"));
}

/* A deletion of a complete snapshot leaves what was promised. */
static void check_deletion(struct simulation *s, const struct node *gone)
{
    slice schedule = schedule_of(gone);
    const struct node *owner = schedule.n ? world_find(&s->world, "BackupSchedule",
                                                       tree_text_at(gone, "metadata.namespace"), schedule)
                                          : NULL;
    const struct node *there = world_find(&s->world, "Backup", tree_text_at(gone, "metadata.namespace"),
                                          tree_text_at(gone, "metadata.name"));
    if (!owner || !there)
        return;
    if (slice_eq(tree_text_at(gone, "spec.backupMode"), LIT("log")))
        invariant_broken(s, "the log Backup was deleted");
    if (!is_complete(there) || s->world.now - s->interfered < UNSEEN_SECONDS)
        return;
    const struct node *most = node_at(owner, "spec.maxBackups");
    int64_t end = log_goes_on(s) ? timestamp_ms(s->log.checkpoint) / 1000 : s->world.now;
    struct holdings h = holdings_of(s, schedule, timestamp_tso((end - 48 * 3600) * 1000));
    uint64_t tso = commit_ts(there);
    if (tso == h.newest)
        invariant_broken(s, "the newest complete snapshot %.*s was deleted",
                         FMT(tree_text_at(gone, "metadata.name")));
    if (most && h.complete <= (size_t)most->integer)
        invariant_broken(s, "%zu complete snapshots are left, maxBackups is %lld", h.complete - 1,
                         (long long)most->integer);
    if (!most && tso >= h.base)
        invariant_broken(s, "snapshot %.*s was deleted: it is in the window, or its base",
                         FMT(tree_text_at(gone, "metadata.name")));
}

/* The log may be cut up to where every snapshot that is left still has what it needs. */
static void check_truncation(struct simulation *s, const struct node *patch)
{
    uint64_t until;
    if (!num_u64(tree_text_at(patch, "spec.logTruncateUntil"), &until))
        return;
    if (until < s->truncated)
        invariant_broken(s, "the log's truncation goes back");
    s->truncated = until;
    if (until > s->log.checkpoint)
        invariant_broken(s, "the log is cut beyond its checkpoint");
    for (size_t i = 0; i < s->world.count; i++)
        if (is_complete(s->world.items[i]) && slice_eq(schedule_of(s->world.items[i]), LIT("c")) &&
            commit_ts(s->world.items[i]) < until)
            invariant_broken(s, "the log is cut behind snapshot %.*s",
                             FMT(tree_text_at(s->world.items[i], "metadata.name")));
}

/* ---- Jobs and finalizers ---- */

static void one_job_at_a_time(struct simulation *s, const struct node *made)
{
    const struct node *owner = node_first(node_at(made, "metadata.ownerReferences"));
    for (size_t i = 0; i < s->world.count; i++) {
        const struct node *n = s->world.items[i];
        const struct node *other = node_first(node_at(n, "metadata.ownerReferences"));
        if (is_kind(n, "Job") && tree_empty(node_at(n, "status.conditions")) &&
            slice_eq(tree_text(owner, "uid"), tree_text(other, "uid")) &&
            !slice_eq(tree_text_at(n, "metadata.name"), tree_text_at(made, "metadata.name")))
            invariant_broken(s, "Job %.*s begins while %.*s runs", FMT(tree_text_at(made, "metadata.name")),
                             FMT(tree_text_at(n, "metadata.name")));
    }
}

static bool compaction_has_ended(const struct node *o)
{
    slice state = tree_text_at(o, "status.state");
    return slice_eq(state, LIT("Complete")) || slice_eq(state, LIT("Failed"));
}

/* What the pod or the controller has reported as the end of a compaction stays. */
static void check_compaction_state(struct simulation *s, const struct node *written)
{
    const struct node *there =
        world_find(&s->world, "CompactBackup", tree_text_at(written, "metadata.namespace"),
                   tree_text_at(written, "metadata.name"));
    slice old = tree_text_at(there, "status.state"), state = tree_text_at(written, "status.state");
    slice version = tree_text_at(written, "metadata.resourceVersion");
    bool refused = version.n && !slice_eq(version, tree_text_at(there, "metadata.resourceVersion"));
    if (compaction_has_ended(there) && !refused && state.n && !slice_eq(old, state))
        invariant_broken(s, "CompactBackup %.*s is %.*s, and becomes %.*s",
                         FMT(tree_text_at(written, "metadata.name")), FMT(old), FMT(state));
}

/* Finished work is not repeated: a complete snapshot, a stopped log, a compaction. A request that is on its way when a person deletes its
 * Backup still makes the Job, which the garbage collector takes. */
static void no_needless_job(struct simulation *s, const struct node *made)
{
    enum { REQUEST_SECONDS = 60 };
    const struct node *owner = node_first(node_at(made, "metadata.ownerReferences"));
    const char *kind = job_work(made) == WORK_COMPACT ? "CompactBackup" : "Backup";
    const struct node *object =
        world_find(&s->world, kind, tree_text_at(made, "metadata.namespace"), tree_text(owner, "name"));
    slice name = tree_text_at(made, "metadata.name"), command = job_log_command(made);
    slice phase = tree_text_at(object, "status.phase");
    if (!object && s->world.now - s->interfered > REQUEST_SECONDS)
        invariant_broken(s, "Job %.*s is made for a %s that no longer exists", FMT(name), kind);
    if (job_work(made) == WORK_COMPACT && compaction_has_ended(object))
        invariant_broken(s, "Job %.*s repeats a compaction that has ended", FMT(name));
    if (job_work(made) == WORK_SNAPSHOT && slice_eq(phase, LIT("Complete")))
        invariant_broken(s, "Job %.*s repeats a complete snapshot", FMT(name));
    if (job_work(made) == WORK_LOG && slice_eq(phase, LIT("Stopped")) &&
        !slice_eq(command, LIT("log-truncate")))
        invariant_broken(s, "Job %.*s comes after the log backup was stopped", FMT(name));
}

static void check_release(struct simulation *s, const struct node *patch)
{
    const struct node *finalizers = node_at(patch, "metadata.finalizers");
    const struct node *object = world_find(&s->world, "Backup", tree_text_at(patch, "metadata.namespace"),
                                           tree_text_at(patch, "metadata.name"));
    if (!finalizers || !tree_empty(finalizers) || !object ||
        namespace_is_ending(&s->world, tree_text_at(patch, "metadata.namespace")))
        return;
    if (slice_eq(tree_text_at(object, "spec.backupMode"), LIT("log")) && s->log.found)
        invariant_broken(s, "the log Backup may go while its task runs");
    bool cleaned = false;
    const struct node *conditions = node_at(object, "status.conditions");
    for (const struct node *c = node_first(conditions); c; c = node_next(c))
        cleaned = cleaned || slice_eq(tree_text(c, "type"), LIT("Clean"));
    if (slice_eq(tree_text_at(object, "spec.cleanPolicy"), LIT("Delete")) &&
        tree_text_at(object, "status.backupPath").n && !cleaned)
        invariant_broken(s, "a Backup may go before its data is cleaned");
}

void invariants_before(struct simulation *s, const struct plan_action *x)
{
    if (x->verb == PLAN_DELETE && is_kind(x->object, "Backup"))
        check_deletion(s, x->object);
    if ((x->verb == PLAN_PATCH || x->verb == PLAN_STATUS) && is_kind(x->object, "CompactBackup"))
        check_compaction_state(s, x->object);
    if (x->verb == PLAN_PATCH) {
        check_truncation(s, x->object);
        check_release(s, x->object);
    }
}

void invariants_after(struct simulation *s, const struct plan_action *x, bool done)
{
    if (!done || x->verb != PLAN_CREATE)
        return;
    if (is_kind(x->object, "Job")) {
        one_job_at_a_time(s, x->object);
        no_needless_job(s, x->object);
    }
    if (!is_kind(x->object, "Backup"))
        return;
    s->runs++;
    no_second_run(s, tree_text_at(x->object, "metadata.name"));
    is_due(s, tree_text_at(x->object, "metadata.name"));
    if (!slice_eq(tree_text_at(x->object, "spec.backupMode"), LIT("log")))
        no_overlap(s, x->object);
}
