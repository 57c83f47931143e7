/* Random events of a simulation: what happens to pods, and what users do. */
#include "simulation.h"

#include "timestamp.h"
#include "tree.h"

/* Of ten pods, eight succeed, one fails and reports it, and one dies silently: before or after its work. */
static void finish(struct simulation *s, struct node *job)
{
    enum { WELL = 8, SILENT = 9 };
    unsigned fate = s->faults ? simulation_dice(s, 10) : 0;
    struct pod_end end = {.works = fate < WELL, .reports = fate != SILENT};
    if (!end.reports)
        end.works = simulation_dice(s, 2);
    if (job_work(job) == WORK_CLEAN)
        end = (struct pod_end){true, true};
    if (!end.works && end.reports && job_work(job) == WORK_COMPACT && simulation_dice(s, 2) &&
        pod_tries_again(&s->world, job))
        return;
    pod_ends(&s->world, &s->log, job, end);
}

/* A log Backup whose start failed is never run again: a user deletes it, and the schedule makes another. At times a
 * user deletes one that runs. */
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
    world_collect(&s->world);
    if (s->log.found && !s->log.paused)
        s->log.checkpoint = timestamp_tso((s->world.now - 120) * 1000);
    for (size_t i = 0; i < s->world.count; i++) {
        struct node *job = s->world.items[i];
        if (!slice_eq(tree_text(job, "kind"), LIT("Job")) || job_has_ended(job))
            continue;
        /* A new Job only begins in this step. */
        if (!job_has_begun(job))
            pod_begins(&s->world, job);
        else if (!s->faults || simulation_dice(s, ODDS) == 0)
            finish(s, job);
    }
}
