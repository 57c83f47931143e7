/* play FILE: measures a play of the file's schedule for a year, the best of some rounds, and the floor: decoding the
 * schedule as often as the core was asked. */
#include "play.h"
#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 10, FROM = 1767225600 /* 2026-01-01 */ };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct bench {
    struct arena *arena, *result;
    const struct resource *schedule;
    const struct gate *gate;
};

static void run(void *context)
{
    struct bench *b = context;
    struct scenario scenario = scenario_default();
    struct play_request request = {.schedule = b->schedule,
                                   .gate = b->gate,
                                   .schemas = schema_set_new(b->arena, &builtin_schemas),
                                   .scenario = &scenario,
                                   .settings = {.time_zone = LIT("UTC")},
                                   .from = FROM,
                                   .until = FROM + SPAN_YEAR};
    double best = 1e9, floor = 1e9;
    size_t plans = 0;
    for (int round = 0; round < ROUNDS; round++) {
        arena_reset(b->result);
        double start = seconds();
        const struct played *played = play(b->result, &request);
        double took = seconds() - start;
        if (!played)
            exit(2);
        plans = played->plans;
        best = took < best ? took : best;
        start = seconds();
        for (size_t i = 0; i < plans; i++) {
            arena_reset(b->result);
            resource_decode(b->result, b->schedule->group, b->schedule->kind, b->schedule->root);
        }
        took = seconds() - start;
        floor = took < floor ? took : floor;
    }
    printf("%-34s %8.1f ms %8.1f ms %7.2f   %zu plans, %.1f us each\n", "a year", best * 1e3, floor * 1e3,
           best / floor, plans, best / (double)plans * 1e6);
}

int main(int argc, char **argv)
{
    static char bytes[1 << 16];
    FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
    size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    struct gate *gate = gate_open(&(struct policy){0}, &builtin_schemas);
    struct bench b = {.arena = arena_new(LIMIT_ARENA_BYTES), .result = arena_new(LIMIT_ARENA_BYTES)};
    if (!n || !gate || !b.arena || !b.result)
        return 2;
    const struct stream_verdict *v = verdict_manifest(gate, b.arena, (slice){bytes, n}, FROM);
    if (!v || !v->first || !v->first->object)
        return 2;
    b.gate = gate;
    b.schedule = v->first->object;
    printf("%-34s %11s %11s %7s\n", "", "play", "decode", "ratio");
    return arena_run(b.arena, run, &b) ? 0 : 2;
}
