/* The rig. */
#include "rig.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "tree.h"

#include <stdio.h>

static struct arena *own;
static const struct schema_set *schemas;
static struct gate *gate;

static void load(void *context)
{
    (void)context;
    schemas = schema_set_new(own, &builtin_schemas);
}

int rig_set_up(void **state)
{
    const struct policy policy = {0};
    (void)state;
    own = arena_new(LIMIT_ARENA_BYTES);
    gate = gate_open(&policy, &builtin_schemas);
    return own && gate && arena_run(own, load, NULL) ? 0 : -1;
}

int rig_tear_down(void **state)
{
    (void)state;
    gate_close(gate);
    arena_free(own);
    return 0;
}

/* ---- the rig ---- */

const struct machine_settings rig_usual = {.kinds = MACHINE_DEFAULT_KINDS,
                                           .plan = {.time_zone = SLICE("UTC")},
                                           .identity = SLICE("me"),
                                           .lease_namespace = SLICE("brgate"),
                                           .lease_name = SLICE("brgate-reconcile")};

void rig_open(struct rig *r, const struct machine_settings *settings)
{
    struct machine_settings own_settings = *settings;
    *r = (struct rig){.refused_status = 403,
                      .refusal = "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"no\"}"};
    assert_true(simulation_open(&r->s, schemas, 1));
    r->s.faults = false;
    api_open(&r->api, &r->s);
    own_settings.gate = gate;
    r->m = machine_new(&own_settings);
    assert_non_null(r->m);
    r->now = (struct machine_moment){1000000, r->s.world.now};
}

void rig_close(struct rig *r)
{
    machine_free(r->m);
    api_close(&r->api);
    simulation_close(&r->s);
}

static const char *verb_word(enum machine_verb v)
{
    static const char *const words[] = {"LIST", "WATCH", "GET", "POST", "PUT", "PATCH", "DELETE", "ASK"};
    return words[v];
}

static bool is_read(enum machine_verb v)
{
    return v == MACHINE_LIST || v == MACHINE_WATCH || v == MACHINE_GET || v == MACHINE_ASK;
}

void rig_tell(struct rig *r, const struct machine_event *e)
{
    machine_event(r->m, r->now, e);
}

static void open_watch(struct rig *r, const struct machine_request *q)
{
    for (size_t i = 0; i < MOST_OPEN; i++)
        if (!r->watches[i].id) {
            r->watches[i].id = q->id;
            r->watches[i].group_version = q->group_version;
            r->watches[i].resource = q->resource;
            r->watches[i].cursor = api_watch(&r->api, query_value(q->query, "resourceVersion"));
            return;
        }
    fail();
}

static void take_down(struct rig *r, const struct machine_request *q)
{
    if (q->verb == MACHINE_LIST || q->verb == MACHINE_WATCH)
        r->lists_elsewhere += !slice_eq(q->namespace, LIT("prod"));
    r->list_count += q->verb == MACHINE_LIST;
    bool dry = slice_eq(q->query, LIT("dryRun=All"));
    if (is_read(q->verb) || dry || !strcmp(q->resource, "leases"))
        return;
    if (!r->write_count)
        r->lists_before_write = r->list_count;
    if (!strcmp(q->resource, "events"))
        snprintf(r->event, sizeof r->event, "%.*s", FMT(q->body));
    assert_true(r->write_count < MOST_WRITES);
    snprintf(r->writes[r->write_count++], LINE_BYTES, "%s %s%s%s%s%.*s", verb_word(q->verb), q->resource,
             q->subresource ? "/" : "", q->subresource ? q->subresource : "", q->name.n ? " " : "",
             FMT(q->name));
}

static void serve(struct rig *r, const struct machine_request *q)
{
    struct machine_event e = {.kind = MACHINE_ANSWER, .id = q->id};
    take_down(r, q);
    bool named = r->refused_resource && q->resource && !strcmp(q->resource, r->refused_resource);
    r->request_count++;
    bool refused =
        (r->refuses_all || named) && (!r->refused_verb || !strcmp(r->refused_verb, verb_word(q->verb)));
    if (q->resource && r->silent && !strcmp(q->resource, "leases"))
        return;
    if (refused) {
        e.kind = q->verb == MACHINE_WATCH ? MACHINE_WATCH_END : MACHINE_ANSWER;
        e.status = r->refused_status;
        e.body = slice_of(r->refusal);
        e.error = LIT("forbidden");
    } else if (q->verb == MACHINE_WATCH) {
        open_watch(r, q);
        return;
    } else if (q->verb == MACHINE_ASK) {
        const struct log_task task = cluster_log_answer(&r->s.log);
        e.kind = MACHINE_TASK;
        e.task = &task;
        rig_tell(r, &e);
        return;
    } else {
        struct api_answer a = api_do(&r->api, q);
        e.status = a.status;
        e.body = a.body;
        world_collect(&r->s.world);
        api_poll(&r->api);
    }
    rig_tell(r, &e);
}

static bool pump_watches(struct rig *r)
{
    bool any = false;
    for (size_t i = 0; i < MOST_OPEN; i++) {
        if (!r->watches[i].id || !machine_awaits(r->m, r->watches[i].id)) {
            r->watches[i].id = 0;
            continue;
        }
        if (r->deaf_to && !strcmp(r->watches[i].resource, r->deaf_to))
            continue;
        for (; r->watches[i].id && r->watches[i].cursor < api_changes(&r->api); r->watches[i].cursor++) {
            const struct api_change *c = api_change_at(&r->api, r->watches[i].cursor,
                                                       r->watches[i].group_version, r->watches[i].resource);
            any = any || c;
            if (c)
                rig_tell(r, &(struct machine_event){
                                .kind = MACHINE_WATCH_LINE, .id = r->watches[i].id, .body = {c->line, c->n}});
        }
    }
    return any;
}

static void take_notes(struct rig *r)
{
    struct machine_note n;
    while (machine_note(r->m, &n))
        if (r->note_count < MOST_WRITES)
            snprintf(r->notes[r->note_count++], LINE_BYTES, "%.*s %.*s: %.*s", FMT(n.kind), FMT(n.name),
                     FMT(n.text));
}

/* Everything that happens at this moment. */
static void rig_settle(struct rig *r)
{
    struct machine_request q;
    do {
        arena_reset(r->s.scratch);
        while (machine_next(r->m, r->now, &q))
            serve(r, &q);
        take_notes(r);
    } while (machine_state(r->m) < MACHINE_ENDED && (pump_watches(r) || machine_wake(r->m) <= r->now.ms));
}

static void pass(struct rig *r, int64_t ms)
{
    int64_t before = r->now.ms / 1000;
    r->now.ms = ms;
    r->now.wall += ms / 1000 - before;
    r->s.world.now = r->now.wall;
}

struct run {
    struct rig *r;
    int64_t seconds;
};

static void run_in_arena(void *context)
{
    struct run *x = context;
    struct rig *r = x->r;
    int64_t end = r->now.ms + x->seconds * 1000;
    for (;;) {
        if (machine_state(r->m) >= MACHINE_ENDED)
            return;
        rig_settle(r);
        int64_t wake = machine_wake(r->m);
        if (wake >= end)
            break;
        pass(r, wake);
    }
    pass(r, end);
}

void rig_run(struct rig *r, int64_t seconds)
{
    struct run x = {r, seconds};
    assert_true(arena_run(r->s.arenas[0], run_in_arena, &x));
}

bool has_line(char (*lines)[LINE_BYTES], size_t count, const char *start)
{
    for (size_t i = 0; i < count; i++)
        if (!strncmp(lines[i], start, strlen(start)))
            return true;
    return false;
}

size_t count_lines(char (*lines)[LINE_BYTES], size_t count, const char *start)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += !strncmp(lines[i], start, strlen(start));
    return n;
}

struct node *rig_add(struct rig *r, slice json)
{
    struct arena *a = r->s.world.arena;
    struct findings f = findings_new(a);
    struct node *o = world_create(&r->s.world, json_read(a, json, &f));
    assert_non_null(o);
    api_poll(&r->api);
    return o;
}

void rig_take_away(struct rig *r, struct node *o)
{
    world_delete(&r->s.world, o);
    api_poll(&r->api);
}

struct node *rig_schedule(struct rig *r, const char *name)
{
    return world_find(&r->s.world, "BackupSchedule", LIT("prod"), slice_of(name));
}
