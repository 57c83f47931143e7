/* Faults between two minutes of the world, and actions of people. */
#include "life.h"

#include "tree.h"

static unsigned dice(struct life *l, unsigned below)
{
    return simulation_dice(&l->s, below);
}

static struct host *any_host(struct life *l)
{
    return &l->hosts[dice(l, HOSTS)];
}

static struct node *any_object(struct life *l, const char *kind)
{
    struct world *w = &l->s.world;
    size_t from = dice(l, (unsigned)w->count);
    for (size_t i = 0; i < w->count; i++) {
        struct node *o = w->items[(from + i) % w->count];
        if (slice_eq(tree_text(o, "kind"), slice_of(kind)))
            return o;
    }
    return NULL;
}

/* ---- people ---- */

static void annotate(struct life *l, struct node *o)
{
    struct arena *a = l->s.world.arena;
    struct node *metadata = node_get(o, LIT("metadata"));
    if (!node_get(metadata, LIT("annotations")))
        tree_put_object(a, metadata, "annotations");
    tree_set_text(a, node_get(metadata, LIT("annotations")), "note", arena_fmt(a, "%u", dice(l, 1000)));
    world_touch(&l->s.world, o);
}

static void toggle_pause(struct life *l, struct node *schedule)
{
    struct node *spec = node_get(schedule, LIT("spec"));
    const struct node *pause = node_get(spec, LIT("pause"));
    bool paused = pause && pause->boolean;
    tree_unset(spec, "pause");
    if (!paused)
        tree_put_bool(l->s.world.arena, spec, "pause", true);
    world_touch(&l->s.world, schedule);
    life_trace(l, "a person sets pause of %.*s to %d", FMT(tree_text_at(schedule, "metadata.name")), !paused);
}

static void delete_job(struct life *l, struct node *job)
{
    life_trace(l, "a person deletes Job %.*s", FMT(tree_text_at(job, "metadata.name")));
    world_delete(&l->s.world, job);
}

static void delete_run(struct life *l, struct node *backup)
{
    slice name = tree_text_at(backup, "metadata.name");
    if (slice_eq(tree_text_at(backup, "spec.backupMode"), LIT("log")))
        return; /* chance.c deletes that one */
    life_trace(l, "a person deletes Backup %.*s", FMT(name));
    invariants_forget_run(&l->s, name);
    world_delete(&l->s.world, backup);
}

static void people(struct life *l)
{
    enum { ANNOTATE = 6, PAUSE = 400, DELETE_JOB = 6, DELETE_RUN = 25 };
    struct node *o;
    if (dice(l, ANNOTATE) == 0 && (o = any_object(l, dice(l, 2) ? "Backup" : "BackupSchedule")))
        annotate(l, o);
    if (dice(l, PAUSE) == 0 && (o = any_object(l, "BackupSchedule")))
        toggle_pause(l, o);
    if (dice(l, DELETE_JOB) == 0 && (o = any_object(l, "Job")) && job_has_ended(o))
        delete_job(l, o);
    if (dice(l, DELETE_RUN) == 0 && (o = any_object(l, "Backup")))
        delete_run(l, o);
}

/* ---- machines ---- */

void faults_strike(struct life *l)
{
    enum { CRASH = 40, STALL = 60, CUT = 80, CLOCK = 100, FORGET = 30, KEPT = 10, MEMORY = 100 };
    if (!l->s.faults)
        return;
    people(l);
    if (dice(l, CRASH) == 0)
        life_crash(l, any_host(l));
    if (dice(l, STALL) == 0) {
        any_host(l)->stalled_until = l->ms + dice(l, 150000);
        life_trace(l, "a host stalls");
    }
    if (dice(l, CUT) == 0) {
        any_host(l)->cut_until = l->ms + dice(l, 300000);
        life_trace(l, "a host does not reach the lease");
    }
    if (dice(l, CLOCK) == 0) {
        any_host(l)->wall_offset = (int64_t)dice(l, 2 * MOST_CLOCK_ERROR) - MOST_CLOCK_ERROR;
        life_trace(l, "a clock is set");
    }
    struct host *h = any_host(l);
    if (dice(l, MEMORY) == 0 && h->m)
        machine_fail_at(h->m, 1 + dice(l, 300));
    if (dice(l, FORGET) == 0)
        api_forget(&l->api, KEPT);
}
