/* Runs a play from its beginning to its end. */
#include "playing.h"

#include "brgate_limits.h"
#include "operator.h"
#include "schedule.h"
#include "surroundings.h"

/* ---- the beginning ---- */

static void describe(struct played *r, const struct resource *o)
{
    const struct schedule_spec *s = o->schedule;
    struct retention keeps = schedule_retention(s);
    r->name = o->metadata.name.value;
    r->namespace = o->metadata.namespace.value;
    r->cron = s->schedule.value;
    r->reserved = keeps.seconds;
    r->most = keeps.most;
}

static void begin(struct playing *p)
{
    const struct play_request *r = p->request;
    p->played = ARENA_NEW(p->out, struct played);
    *p->played = (struct played){.from = r->from, .until = r->until, .scenario = r->scenario};
    p->played->verdict.first_restorable = -1;
    p->scenario = *r->scenario;
    describe(p->played, r->schedule);
    p->world = world_new(p->arenas[0], r->schemas, r->from);
    p->world.next_uid = 1;
    p->log.missing_since = r->from - SPAN_DAY;
    surround(&p->world, r->schedule);
    world_create(&p->world, r->schedule->root);
    play_read_schedule(p);
    play_mark(p, KIND_BACKUP_SCHEDULE, p->played->name);
    play_record(p, PLAYED_CREATED, 0, p->played->name, p->played->cron);
}

/* ---- time ---- */

/* Keeps the world's arena from growing without bound: copies what lives to the other one. */
static void move_world(struct playing *p)
{
    enum { MUCH = 4 << 20 };
    if (arena_used(p->world.arena) < MUCH)
        return;
    p->arena_used = 1 - p->arena_used;
    struct arena *next = p->arenas[p->arena_used];
    arena_reset(next);
    p->world = world_copy(&p->world, next);
}

static int64_t next_moment(const struct playing *p)
{
    int64_t next = play_next_happening(p), look = play_next_look(p);
    next = look && look < next ? look : next;
    next = next > p->world.now ? next : p->world.now + 1;
    return next < p->request->until ? next : p->request->until;
}

static void course(struct playing *p)
{
    begin(p);
    while (p->world.now < p->request->until) {
        play_settle(p);
        int64_t next = next_moment(p);
        ledger_pass(p, next);
        p->world.now = next;
        play_happen(p);
        ledger_due_now(p);
        move_world(p);
    }
    play_assess(p);
}

/* ---- memory ---- */

/* Any of the arenas may be exhausted; then there is no result. */
static void in_scratch(void *context)
{
    course(context);
}

static void in_second(void *context)
{
    struct playing *p = context;
    if (!arena_run(p->scratch, in_scratch, p))
        p->played = NULL;
}

static void in_first(void *context)
{
    struct playing *p = context;
    if (!arena_run(p->arenas[1], in_second, p))
        p->played = NULL;
}

static void in_result(void *context)
{
    struct playing *p = context;
    if (!arena_run(p->arenas[0], in_first, p))
        p->played = NULL;
}

const struct played *play(struct arena *a, const struct play_request *r)
{
    struct playing p = {.request = r,
                        .out = a,
                        .arenas = {arena_new(LIMIT_ARENA_BYTES), arena_new(LIMIT_ARENA_BYTES)},
                        .scratch = arena_new(LIMIT_ARENA_BYTES)};
    bool well = p.arenas[0] && p.arenas[1] && p.scratch && arena_run(a, in_result, &p);
    arena_free(p.scratch);
    arena_free(p.arenas[1]);
    arena_free(p.arenas[0]);
    return well ? p.played : NULL;
}

int64_t play_most(const struct play_request *r)
{
    struct planning look = {.object = r->schedule, .settings = &r->settings};
    int64_t at = r->from;
    for (size_t runs = 0; due_after(&look, r->from, at, &at) && at < r->until; runs++)
        if (runs == PLAY_MOST_RUNS)
            return at;
    return r->until;
}
