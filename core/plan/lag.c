/* How a schedule and its log backup are doing. */
#include "schedule.h"

#include "timestamp.h"

static int64_t moment_of(slice text)
{
    struct timestamp t;
    return text.n && timestamp_parse(text, &t, NULL) ? t.ms / 1000 : 0;
}

static void measure_log(const struct resource *log, struct plan_lag *ret)
{
    const struct node *status = node_get(log->root, LIT("status"));
    slice phase = tree_text(status, "phase");
    bool paused = slice_eq(phase, LIT("Paused"));
    if (!paused && !slice_eq(phase, LIT("Running")))
        return;
    ret->checkpoint = moment_of(tree_text(status, "logCheckpointTs"));
    const struct node *pause = node_get(node_get(status, LIT("logSubCommandStatuses")), LIT("log-pause"));
    if (paused)
        ret->paused = moment_of(tree_text(pause, "timeCompleted"));
}

/* Counted from the newest complete backup, whatever failed or was missed since. */
static void measure_schedule(const struct planning *p, const struct children *c, struct plan_lag *ret)
{
    int64_t created = moment_of(tree_text(p->object->metadata.node, "creationTimestamp")), due;
    int64_t complete = created ? created : p->now;
    for (size_t i = 0; i < c->snapshot_count; i++)
        if (c->snapshots[i].state == CHILD_COMPLETE && c->snapshots[i].head->time > complete)
            complete = c->snapshots[i].head->time;
    if (due_after(p, created, complete, &due) && due_after(p, created, due, &due))
        ret->overdue = due;
}

struct plan_lag plan_lag(struct arena *a, const struct resource *o, const struct observed *seen, int64_t now,
                         const struct plan_settings *settings)
{
    struct plan_lag lag = {0};
    if (o->kind == KIND_BACKUP && o->backup->is_log && !plan_controller_uid(o->root).n)
        measure_log(o, &lag);
    if (o->kind != KIND_BACKUP_SCHEDULE)
        return lag;
    struct planning p = planning_of(a, o, seen, now, settings);
    struct children c = children_of(&p);
    if (!o->schedule->pause.value && o->schedule->cron_ok && !(seen->unknown & UNKNOWN_CHILDREN))
        measure_schedule(&p, &c, &lag);
    if (c.log)
        measure_log(c.log, &lag);
    return lag;
}
