/* Many seeds of a simulated cluster, with everything going wrong; then nothing, and all must be well again. */
#include "check.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "simulation.h"
#include "tree.h"

enum { SEEDS = 5, BAD_DAYS = 5, GOOD_DAYS = 3, DAY = 86400 };

static struct arena *own;
static const struct schema_set *schemas;

static void load(void *context)
{
    (void)context;
    schemas = schema_set_new(own, &builtin_schemas);
}

static int set_up(void **state)
{
    (void)state;
    own = arena_new(LIMIT_ARENA_BYTES);
    return own && arena_run(own, load, NULL) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(own);
    return 0;
}

struct life {
    uint64_t seed;
    struct simulation s;
    bool rests;
};

static void live(void *context)
{
    struct life *l = context;
    struct simulation *s = &l->s;
    simulation_run(s, BAD_DAYS * DAY);
    s->faults = false;
    simulation_run(s, GOOD_DAYS * DAY);
    l->rests = *s->broken || simulation_rests(s);
}

/* The arenas of a simulation are three, and each may end: then the test is wrong. */
static void live_in_second(void *context)
{
    struct life *l = context;
    assert_true(arena_run(l->s.arenas[1], live, l));
}

static void live_in_first(void *context)
{
    struct life *l = context;
    assert_true(arena_run(l->s.arenas[0], live_in_second, l));
}

static void open_life(void *context)
{
    struct life *l = context;
    assert_true(simulation_open(&l->s, schemas, l->seed));
}

static void invariants_hold_for_every_seed(void **state)
{
    (void)state;
    size_t plans = 0, actions = 0, runs = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct life l = {.seed = seed};
        open_life(&l);
        assert_true(arena_run(l.s.scratch, live_in_first, &l));
        if (*l.s.broken)
            print_error("seed %llu: %s\n", (unsigned long long)seed, l.s.broken);
        assert_string_equal(l.s.broken, "");
        assert_true(l.rests);
        assert_true(l.s.log.found);
        assert_int_equal(simulation_complete(&l.s, LIT("a")), 3);
        assert_int_equal(simulation_complete(&l.s, LIT("b")), 2);
        assert_true(simulation_complete(&l.s, LIT("c")) >= 4);
        assert_int_equal(simulation_complete(&l.s, LIT("d")), 2);
        assert_int_equal(simulation_complete(&l.s, LIT("e")), 2);
        assert_true(l.s.truncated > 0);
        plans += l.s.plans;
        actions += l.s.actions;
        runs += l.s.runs;
        simulation_close(&l.s);
    }
    print_message("%zu plans, %zu actions, %zu runs\n", plans, actions, runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(invariants_hold_for_every_seed)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
