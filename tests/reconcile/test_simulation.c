/* reconcile_simulation [--first] [SEED [COUNT [DAYS]]]: lives of DAYS days with faults, and three without. A seed that
 * breaks an invariant does so each time, and its last steps are printed. --first: the first such seed ends the run. */
#include "life.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "num.h"
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>

enum { SEEDS = 2, BAD_DAYS = 2, GOOD_DAYS = 3, DAY = 86400 };

struct trial {
    struct life life;
    const struct schema_set *schemas;
    const struct gate *gate;
    uint64_t seed, days;
    struct {
        size_t steps, plans, writes, runs, crashes, broken, takeovers, conflicts, namespaces, waits;
    } sum;
};

static void unpause(struct simulation *s)
{
    for (size_t i = 0; i < s->world.count; i++)
        if (slice_eq(tree_text(s->world.items[i], "kind"), LIT("BackupSchedule"))) {
            tree_unset(node_get(s->world.items[i], LIT("spec")), "pause");
            world_touch(&s->world, s->world.items[i]);
        }
}

static void expect(struct trial *t, bool condition, const char *what)
{
    if (!condition)
        invariant_broken(&t->life.s, "%s", what);
}

/* The leader's cache has as many objects as the cluster. It has a claim only if this machine has made it. */
static bool cache_is_whole(const struct life *l)
{
    size_t count = 0, claims = 0;
    for (size_t i = 0; i < l->s.world.count; i++) {
        slice kind = tree_text(l->s.world.items[i], "kind");
        bool claim = slice_eq(kind, LIT("PersistentVolumeClaim"));
        claims += claim;
        count += !claim && !slice_eq(kind, LIT("Lease")) && !slice_eq(kind, LIT("Secret")) &&
                 !slice_eq(kind, LIT("Namespace"));
    }
    size_t cached = l->leader < HOSTS ? machine_count(l->hosts[l->leader].m, MACHINE_OBJECTS) : 0;
    return cached >= count && cached <= count + claims;
}

/* Those of people: the last one was made days ago. What the gate denies waits for its correction. */
static void compactions_have_ended(struct trial *t)
{
    const struct world *w = &t->life.s.world;
    for (size_t i = 0; i < w->count; i++) {
        slice state = tree_text_at(w->items[i], "status.state");
        bool ended = slice_eq(state, LIT("Complete")) || slice_eq(state, LIT("Failed"));
        if (slice_eq(tree_text(w->items[i], "kind"), LIT("CompactBackup")) && !ended &&
            slice_eq(tree_text(w->items[i], "apiVersion"), LIT("pingcap.com/v1alpha1")) &&
            !slice_eq(state, LIT("Invalid")))
            invariant_broken(&t->life.s, "CompactBackup %.*s does not end: it is \"%.*s\"",
                             FMT(tree_text_at(w->items[i], "metadata.name")), FMT(state));
    }
}

static void live(void *context)
{
    struct trial *t = context;
    struct life *l = &t->life;
    life_run(l, (int64_t)t->days * DAY);
    l->s.faults = false;
    for (unsigned i = 0; i < HOSTS; i++)
        l->hosts[i].wall_offset = 0;
    unpause(&l->s);
    api_poll(&l->api);
    life_run(l, GOOD_DAYS * DAY);
    if (*l->s.broken)
        return;
    expect(t, life_settles(l), "the machines do not stop writing");
    expect(t, cache_is_whole(l), "the leader's cache differs from the cluster");
    for (size_t i = 0; i < l->s.world.count; i++)
        if (node_at(l->s.world.items[i], "metadata.deletionTimestamp"))
            invariant_broken(&l->s, "the deletion of %.*s does not end",
                             FMT(tree_text_at(l->s.world.items[i], "metadata.name")));
    compactions_have_ended(t);
    expect(t, l->s.log.found, "the log backup does not run");
    expect(t, simulation_complete(&l->s, LIT("a")) == 3, "schedule a does not keep 3 backups");
    expect(t, simulation_complete(&l->s, LIT("b")) == 2, "schedule b does not keep 2 backups");
    expect(t, simulation_complete(&l->s, LIT("c")) >= 4, "schedule c does not keep its window");
    expect(t, simulation_complete(&l->s, LIT("d")) == 2, "schedule d does not keep 2 backups");
    expect(t, simulation_complete(&l->s, LIT("e")) == 2, "schedule e does not keep 2 dumps");
    expect(t,
           !world_find(&l->s.world, "BackupSchedule", LIT("team"), LIT("t")) ||
               simulation_complete(&l->s, LIT("t")) == 2,
           "schedule t does not keep 2 backups");
    expect(t, l->s.truncated > 0, "the log was never truncated");
}

/* If an arena is exhausted, the test is wrong. */
static void in_second(void *context)
{
    struct trial *t = context;
    if (!arena_run(t->life.s.arenas[1], live, t))
        abort();
}

static void in_first(void *context)
{
    struct trial *t = context;
    if (!arena_run(t->life.s.arenas[0], in_second, t))
        abort();
}

static void open_life(struct trial *t)
{
    if (!life_open(&t->life, t->schemas, t->gate, t->seed))
        abort();
}

static bool one_seed(struct trial *t)
{
    open_life(t);
    if (!arena_run(t->life.s.scratch, in_first, t))
        abort();
    struct life *l = &t->life;
    bool good = !*l->s.broken;
    if (!good) {
        fprintf(stderr, "seed %llu, step %zu: %s\n", (unsigned long long)t->seed, l->steps, l->s.broken);
        life_print_trace(l);
    }
    t->sum.steps += l->steps;
    t->sum.writes += l->api.writes;
    t->sum.runs += l->s.runs;
    t->sum.crashes += l->crashes;
    t->sum.broken += l->broken_machines;
    t->sum.takeovers += l->takeovers;
    t->sum.conflicts += l->conflicts;
    t->sum.namespaces += l->namespaces_ended;
    t->sum.waits += l->waits;
    life_close(l);
    return good;
}

static void load(void *context)
{
    struct trial *t = context;
    t->schemas = schema_set_new(t->life.s.scratch, &builtin_schemas);
}

static uint64_t argument(int argc, char **argv, int i, uint64_t otherwise)
{
    uint64_t n;
    return argc > i && num_u64(slice_of(argv[i]), &n) ? n : otherwise;
}

int main(int argc, char **argv)
{
    const struct policy policy = {0};
    bool only_first = argc > 1 && !strcmp(argv[1], "--first");
    argc -= only_first;
    argv += only_first;
    struct trial t = {.days = argument(argc, argv, 3, BAD_DAYS)};
    uint64_t first = argument(argc, argv, 1, 1), count = argument(argc, argv, 2, SEEDS), bad = 0;
    struct arena *own = arena_new(LIMIT_ARENA_BYTES);
    struct gate *gate = gate_open(&policy, &builtin_schemas);
    t.life.s.scratch = own;
    if (!own || !gate || !arena_run(own, load, &t))
        return 2;
    t.gate = gate;
    for (t.seed = first; t.seed < first + count && !(bad && only_first); t.seed++)
        bad += !one_seed(&t);
    printf("%llu seeds, %zu steps, %zu writes, %zu runs, %zu crashes (%zu without memory), %zu takeovers, "
           "%zu conflicts, %zu namespaces ended, %zu waits for a turn: %llu broken\n",
           (unsigned long long)count, t.sum.steps, t.sum.writes, t.sum.runs, t.sum.crashes, t.sum.broken,
           t.sum.takeovers, t.sum.conflicts, t.sum.namespaces, t.sum.waits, (unsigned long long)bad);
    gate_close(gate);
    arena_free(own);
    return bad ? 1 : 0;
}
