/* The leader crashes at every second step of a run, and at every seventh of a deletion. Whatever the step, the cluster ends
 * as it does without a crash: the same numbers of objects are created and deleted, and the same ones are left. [Sieve,
 * OSDI'22: intermediate states] */
#include "check.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "life.h"
#include "tree.h"

#include <stdlib.h>

/* A slow lease: its steps are not under test here. */
enum { MINUTE = 60, HOUR = 3600, NEVER = -1, CALM_MS = 60000 };

static struct arena *own;
static const struct schema_set *schemas;
static struct gate *gate;

static void load(void *context)
{
    (void)context;
    schemas = schema_set_new(own, &builtin_schemas);
}

static int set_up(void **state)
{
    const struct policy policy = {0};
    (void)state;
    own = arena_new(LIMIT_ARENA_BYTES);
    gate = gate_open(&policy, &builtin_schemas);
    return own && gate && arena_run(own, load, NULL) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    gate_close(gate);
    arena_free(own);
    return 0;
}

struct end_state {
    size_t creations, deletions, objects, complete;
};

struct story {
    struct life life;
    int64_t begin, window,
        rest;     /* seconds: before the crash may come, in which it may come, and until the end */
    int crash_at; /* step of the window; NEVER */
    bool crashed;
    struct end_state end;
};

static void play(void *context)
{
    struct story *s = context;
    struct life *l = &s->life;
    life_run(l, s->begin);
    int64_t end = l->ms + s->window * 1000;
    for (int step = 0; l->ms < end && s->crash_at != NEVER && !s->crashed; step++) {
        life_step(l, end);
        s->crashed = step == s->crash_at;
    }
    if (s->crashed)
        life_crash(l, &l->hosts[l->leader]);
    life_run(l, (end - l->ms) / 1000 + s->rest);
    s->end = (struct end_state){l->s.world.creations, l->s.world.deletions, l->s.world.count,
                                simulation_complete(&l->s, LIT("a")) + simulation_complete(&l->s, LIT("b"))};
}

/* If an arena of the world is exhausted, the test is wrong. */
static void play_in_second(void *context)
{
    assert_true(arena_run(((struct story *)context)->life.s.arenas[1], play, context));
}

static void play_in_first(void *context)
{
    assert_true(arena_run(((struct story *)context)->life.s.arenas[0], play_in_second, context));
}

/* False when the window has fewer steps. */
static bool tell_story(struct story *s)
{
    assert_true(life_open(&s->life, schemas, gate, 1));
    s->life.s.faults = false;
    s->life.lease_retry = CALM_MS;
    s->crashed = false;
    assert_true(arena_run(s->life.s.scratch, play_in_first, s));
    if (*s->life.s.broken)
        life_print_trace(&s->life);
    assert_string_equal(s->life.s.broken, "");
    life_close(&s->life);
    return s->crashed;
}

static void crash_in(struct story s, int stride)
{
    s.crash_at = NEVER;
    tell_story(&s);
    struct end_state without = s.end;
    int crashes = 0;
    for (s.crash_at = 0; tell_story(&s); s.crash_at += stride, crashes++) {
        bool same = !memcmp(&s.end, &without, sizeof without);
        if (!same)
            print_error("step %d: %zu created, %zu deleted, %zu left, %zu complete; without a crash %zu, "
                        "%zu, %zu, %zu\n",
                        s.crash_at, s.end.creations, s.end.deletions, s.end.objects, s.end.complete,
                        without.creations, without.deletions, without.objects, without.complete);
        assert_true(same);
    }
    print_message("%d crashes\n", crashes);
    assert_true(crashes > 20); /* the window is where it should be */
}

/* From shortly before the first runs are due until they are complete. */
static void at_steps_of_a_run(void **state)
{
    (void)state;
    crash_in((struct story){.begin = 3 * HOUR - 2, .window = 30, .rest = HOUR}, 2);
}

/* From shortly before schedule a has one Backup too many until that one, its data and its Jobs are deleted. */
static void at_steps_of_a_deletion(void **state)
{
    enum { STRIDE = 7 };
    (void)state;
    crash_in((struct story){.begin = 12 * HOUR - 2, .window = 11 * MINUTE, .rest = HOUR}, STRIDE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_steps_of_a_run),
        cmocka_unit_test(at_steps_of_a_deletion),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
