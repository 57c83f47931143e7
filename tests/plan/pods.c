/* What the pods of a simulation do, as backup-manager and our own compaction do it. */
#include "simulation.h"

#include "civil.h"
#include "timestamp.h"
#include "tree.h"

static slice now_text(const struct simulation *s)
{
    struct buf b = buf_new(s->world.arena, 64);
    civil_put(&b, s->world.now);
    return buf_slice(&b);
}

static uint64_t tso_now(const struct simulation *s)
{
    return timestamp_tso(s->world.now * 1000);
}

static bool has_arg(const struct node *job, slice arg)
{
    const struct node *c = node_first(node_at(job, "spec.template.spec.containers"));
    for (const struct node *n = node_first(node_get(c, LIT("args"))); n; n = node_next(n))
        if (slice_eq(n->text, arg))
            return true;
    return false;
}

static slice arg_value(const struct node *job, slice prefix)
{
    const struct node *c = node_first(node_at(job, "spec.template.spec.containers"));
    for (const struct node *n = node_first(node_get(c, LIT("args"))); n; n = node_next(n))
        if (slice_starts(n->text, prefix))
            return slice_from(n->text, prefix.n);
    return (slice){0};
}

static void add_condition(struct simulation *s, struct node *owner, slice type)
{
    struct arena *a = s->world.arena;
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
    tree_set_text(a, c, "lastTransitionTime", now_text(s));
}

static void end_job(struct simulation *s, struct node *job, slice how)
{
    struct node *status = node_get(job, LIT("status"));
    add_condition(s, status, how);
    if (slice_eq(how, LIT("Complete")))
        tree_set_text(s->world.arena, status, "completionTime", now_text(s));
    world_touch(&s->world, job);
}

static struct node *status_of(struct simulation *s, struct node *object)
{
    if (!node_get(object, LIT("status")))
        tree_put_object(s->world.arena, object, "status");
    return node_get(object, LIT("status"));
}

static void report(struct simulation *s, struct node *backup, slice type)
{
    struct node *status = status_of(s, backup);
    add_condition(s, status, type);
    tree_set_text(s->world.arena, status, "phase", type);
}

/* ---- snapshots ---- */

static void snapshot_pod(struct simulation *s, struct node *backup, bool well)
{
    struct arena *a = s->world.arena;
    tree_set_text(a, status_of(s, backup), "backupPath", LIT("s3://store/x"));
    report(s, backup, LIT("Running"));
    if (well)
        tree_set_text(a, status_of(s, backup), "commitTs",
                      arena_fmt(a, "%llu", (unsigned long long)tso_now(s)));
    report(s, backup, well ? LIT("Complete") : LIT("Failed"));
}

/* ---- logs ---- */

/* What br would do to the task; false when it refuses. */
static bool change_task(struct simulation *s, slice command, slice name)
{
    struct cluster_log *log = &s->log;
    if (slice_eq(command, LIT("log-start"))) {
        if (log->found)
            return false;
        *log = (struct cluster_log){.found = true, .name = name, .start = tso_now(s)};
        return true;
    }
    if (slice_eq(command, LIT("log-truncate")))
        return true;
    if (!log->found)
        return false;
    if (slice_eq(command, LIT("log-stop")))
        *log = (struct cluster_log){.missing_since = s->world.now};
    else if (log->paused == slice_eq(command, LIT("log-pause")))
        return false;
    else
        log->paused = !log->paused;
    return true;
}

static void log_pod(struct simulation *s, struct node *job, struct node *backup, bool well, bool speaks)
{
    struct arena *a = s->world.arena;
    slice command = arg_value(job, LIT("--subcommand="));
    bool done = well && change_task(s, command, LIT("log-c"));
    struct node *status = status_of(s, backup);
    struct node *own = node_get(node_get(status, LIT("logSubCommandStatuses")), command);
    if (!own || !speaks)
        return;
    slice outcome = done ? LIT("Complete") : LIT("Failed");
    add_condition(s, own, outcome);
    tree_set_text(a, own, "phase", outcome);
    if (slice_eq(command, LIT("log-start"))) {
        if (done)
            tree_set_text(a, status, "commitTs", arena_fmt(a, "%llu", (unsigned long long)s->log.start));
        tree_set_text(a, status, "backupPath", LIT("s3://store/log"));
        report(s, backup, done ? LIT("Running") : LIT("Failed"));
    } else if (done && slice_eq(command, LIT("log-stop"))) {
        report(s, backup, LIT("Stopped"));
    } else if (done && slice_eq(command, LIT("log-truncate"))) {
        tree_set_text(a, status, "logSuccessTruncateUntil", arg_value(job, LIT("--truncate-until=")));
    }
}

/* ---- a Job's end ---- */

static void clean_pod(struct simulation *s, struct node *backup)
{
    add_condition(s, status_of(s, backup), LIT("Clean"));
}

static void finish(struct simulation *s, struct node *job)
{
    enum { WELL = 8, SILENT = 9 }; /* of ten: the rest fails and says so */
    const struct node *owner = node_first(node_at(job, "metadata.ownerReferences"));
    struct node *object = world_find(&s->world, arena_cstr(s->world.arena, tree_text(owner, "kind")),
                                     tree_text_at(job, "metadata.namespace"), tree_text(owner, "name"));
    unsigned fate = s->faults ? simulation_dice(s, 10) : 0;
    bool well = fate < WELL, speaks = fate != SILENT;
    if (!object)
        return;
    if (has_arg(job, LIT("clean"))) {
        clean_pod(s, object);
        well = true;
    } else if (has_arg(job, LIT("--mode=log"))) {
        /* A silent pod may have died before or after its work. */
        log_pod(s, job, object, well || (!speaks && simulation_dice(s, 2)), speaks);
    } else if (has_arg(job, LIT("--mode=snapshot")) && speaks) {
        snapshot_pod(s, object, well);
    }
    world_touch(&s->world, object);
    end_job(s, job, well ? LIT("Complete") : LIT("Failed"));
}

/* Every pod says that it has begun; a Job that just appeared does no more in this step. */
static bool begin(struct simulation *s, struct node *job)
{
    const struct node *owner = node_first(node_at(job, "metadata.ownerReferences"));
    struct node *status = node_get(job, LIT("status"));
    struct node *backup =
        world_find(&s->world, "Backup", tree_text_at(job, "metadata.namespace"), tree_text(owner, "name"));
    if (node_get(status, LIT("active")))
        return false;
    tree_put_int(s->world.arena, status, "active", 1);
    world_touch(&s->world, job);
    if (backup && has_arg(job, LIT("--mode=snapshot"))) {
        report(s, backup, LIT("Running"));
        world_touch(&s->world, backup);
    }
    return true;
}

/* A log Backup whose start failed is never run again: somebody deletes it, and the schedule makes another. Now
 * and then somebody deletes one that runs. */
static void user_looks(struct simulation *s)
{
    enum { SELDOM = 150 };
    const struct node *log = world_find(&s->world, "Backup", LIT("prod"), LIT("log-c"));
    if (slice_eq(tree_text_at(log, "status.phase"), LIT("Failed")) ||
        (log && s->faults && simulation_dice(s, SELDOM) == 0))
        world_delete(&s->world, log);
}

void pods_work(struct simulation *s)
{
    enum { ODDS = 3 };
    user_looks(s);
    if (s->log.found && !s->log.paused)
        s->log.checkpoint = timestamp_tso((s->world.now - 120) * 1000);
    for (size_t i = 0; i < s->world.count; i++) {
        struct node *job = s->world.items[i];
        if (slice_eq(tree_text(job, "kind"), LIT("Job")) && tree_empty(node_at(job, "status.conditions")) &&
            !begin(s, job) && (!s->faults || simulation_dice(s, ODDS) == 0))
            finish(s, job);
    }
}
