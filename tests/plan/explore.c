#include "explore.h"

#include "brgate_limits.h"
#include "timestamp.h"
#include "tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct state {
    slice json;
    struct cluster_log log;
    int64_t now;
    uint64_t next_uid;
    size_t parent;
    char how[80];
};

struct search {
    struct explorer *e;
    struct state *states;
    size_t count, capacity;
    uint64_t *seen;    /* hashes, open addressing; 0 is free */
    uint64_t *planned; /* for each of these, the hash of what is planned */
    size_t seen_size;
    size_t at; /* the state that is being expanded */
};

void explore_broken(struct explorer *e, const char *format, ...)
{
    va_list args;
    if (*e->broken)
        return;
    va_start(args, format);
    vsnprintf(e->broken, sizeof e->broken, format, args);
    va_end(args);
}

/* ---- when two states are the same ---- */

static const char *age(int64_t seconds)
{
    static const int64_t steps[] = {-1200, -600, -60, 0, 60, 600, 1200, 1800, 3600, 86400};
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"};
    size_t i = 0;
    while (i < COUNT(steps) && seconds >= steps[i])
        i++;
    return names[i];
}

static bool is_number(slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n >= 15;
}

struct canonical {
    struct buf *b;
    int64_t now;
    slice kind; /* of the object */
};

/* Whether plans read the time `key` of `in`, a part of the object; `parent` is that part's key. They read of the others only that
 * they are there. */
static bool is_read(const struct canonical *c, const struct node *in, slice parent, slice key)
{
    static const slice never[] = {SLICE("startTime"), SLICE("deletionTimestamp"), SLICE("timeStarted"),
                                  SLICE("realRetryAt")};
    for (size_t i = 0; i < COUNT(never); i++)
        if (slice_eq(key, never[i]))
            return false;
    if (slice_eq(key, LIT("creationTimestamp")))
        return slice_eq(c->kind, LIT("BackupSchedule")) ||
               (node_get(in, LIT("ownerReferences")) && !slice_eq(c->kind, LIT("Job")));
    if (slice_eq(key, LIT("timeCompleted")))
        return slice_eq(parent, LIT("log-pause"));
    if (slice_eq(key, LIT("lastTransitionTime")))
        return slice_eq(c->kind, LIT("Job")) || slice_eq(tree_text(in, "type"), LIT("LogTaskPaused"));
    return true;
}

/* Counts times that plans read by their age, and TSOs as one; ignores texts for people and values that only identify. */
static void put_canonical(struct canonical *c, const struct node *n, slice key, bool read)
{
    static const slice left_out[] = {SLICE("uid"), SLICE("resourceVersion"), SLICE("message")};
    struct timestamp t;
    if (n->kind != NODE_OBJECT && n->kind != NODE_ARRAY) {
        bool text = n->kind == NODE_STRING;
        if (text && is_number(n->text))
            buf_put(c->b, LIT("TSO"));
        else if (text && n->text.n > 10 && timestamp_parse(n->text, &t, NULL))
            buf_fmt(c->b, "T%s", read ? age(c->now - t.ms / 1000) : "");
        else
            node_put_json(c->b, n, false);
        return;
    }
    buf_char(c->b, '{');
    for (const struct node *m = node_first(n); m; m = node_next(m)) {
        bool skip = false;
        for (size_t i = 0; i < COUNT(left_out); i++)
            skip = skip || slice_eq(m->key, left_out[i]);
        if (skip)
            continue;
        buf_fmt(c->b, "%.*s:", FMT(m->key));
        put_canonical(c, m, m->key, is_read(c, n, key, m->key));
        buf_char(c->b, ',');
    }
    buf_char(c->b, '}');
}

static uint64_t hash_of(slice s)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
    return h ? h : 1;
}

static void put_object(struct buf *b, const struct node *object, int64_t now)
{
    struct canonical c = {b, now, tree_text(object, "kind")};
    put_canonical(&c, object, (slice){0}, true);
}

static const uint64_t MIXING = 0x9e3779b97f4a7c15u;

/* The order of the objects does not matter: their hashes are added. */
static uint64_t world_hash(struct explorer *e)
{
    const struct world *w = &e->world;
    const struct cluster_log *l = &e->log;
    struct buf b = buf_new(e->scratch, LIMIT_DOCUMENT_BYTES);
    buf_fmt(&b, "%d%d%s", l->found, l->paused, l->found ? "" : age(w->now - l->missing_since));
    if (e->space->clock_held)
        buf_fmt(&b, "%lld", (long long)w->now);
    uint64_t sum = hash_of(buf_slice(&b));
    for (size_t i = 0; i < w->count; i++) {
        b.n = 0;
        put_object(&b, w->items[i], w->now);
        sum += hash_of(buf_slice(&b)) * MIXING;
    }
    return sum ? sum : 1;
}

/* What is planned in this state, with PD's answer and without. */
static uint64_t plans_hash(struct explorer *e)
{
    const struct plan_settings settings = {.time_zone = LIT("UTC")};
    struct buf b = buf_new(e->scratch, LIMIT_DOCUMENT_BYTES);
    uint64_t sum = 0;
    for (size_t i = 0; i < e->world.count; i++) {
        const struct resource *o = resource_of(e->scratch, e->world.items[i]);
        for (int answered = 0; o && answered <= 1; answered++) {
            struct observed seen = {.items = e->world.items, .count = e->world.count};
            if (answered)
                seen.task = cluster_log_answer(&e->log);
            struct plan p = plan(e->scratch, o, &seen, e->world.now, &settings);
            b.n = 0;
            for (const struct plan_action *x = p.first; x; x = x->next) {
                buf_fmt(&b, "%d%d", answered, x->verb);
                if (x->object)
                    put_object(&b, x->object, e->world.now);
            }
            sum += hash_of(buf_slice(&b)) * MIXING;
        }
    }
    return sum;
}

/* ---- states ---- */

/* Two states that count as one must be planned for in the same way. */
static bool is_new(struct search *s)
{
    struct explorer *e = s->e;
    uint64_t hash = world_hash(e), planned = plans_hash(e);
    size_t at = hash % s->seen_size;
    for (; s->seen[at]; at = (at + 1) % s->seen_size)
        if (s->seen[at] == hash) {
            if (s->planned[at] != planned)
                explore_broken(e, "two states that count as one are planned for in different ways");
            return false;
        }
    s->seen[at] = hash;
    s->planned[at] = planned;
    return true;
}

static void keep(struct search *s, const char *how)
{
    struct explorer *e = s->e;
    if (s->count == e->space->most || !is_new(s))
        return;
    struct buf b = buf_new(e->scratch, LIMIT_DOCUMENT_BYTES);
    for (size_t i = 0; i < e->world.count; i++) {
        buf_char(&b, i ? ',' : '[');
        node_put_json(&b, e->world.items[i], false);
    }
    buf_char(&b, ']');
    struct state *x = &s->states[s->count++];
    *x = (struct state){.json = arena_copy(e->kept, buf_slice(&b)),
                        .log = e->log,
                        .now = e->world.now,
                        .next_uid = e->world.next_uid,
                        .parent = s->at};
    snprintf(x->how, sizeof x->how, "%s", how);
}

static void load(struct search *s, size_t at)
{
    struct explorer *e = s->e;
    const struct state *x = &s->states[at];
    arena_reset(e->arena);
    arena_reset(e->scratch);
    e->world = world_new(e->arena, e->schemas, x->now);
    e->world.next_uid = x->next_uid;
    e->log = x->log;
    struct findings f = findings_new(e->arena);
    const struct node *list = json_read(e->arena, x->json, &f);
    for (struct node *n = node_first(list); n; n = node_next(n))
        world_store(&e->world, n);
}

/* Prints how the search got there. */
static void put_path(struct search *s, size_t at, char *to, size_t size)
{
    size_t n = strlen(to);
    if (at == 0 || n + 100 > size)
        return;
    put_path(s, s->states[at].parent, to, size);
    n = strlen(to);
    snprintf(to + n, size - n, "%s%s", n ? " > " : "", s->states[at].how);
}

/* ---- changes ---- */

/* Plans for that object and does the first `cut` actions. Returns how many there are. */
static size_t plan_cut(struct explorer *e, size_t i, size_t cut, bool answered)
{
    const struct resource *o = resource_of(e->scratch, e->world.items[i]);
    if (!o)
        return 0;
    const struct plan_settings settings = {.time_zone = LIT("UTC")};
    struct observed seen = {.items = e->world.items, .count = e->world.count};
    if (answered)
        seen.task = cluster_log_answer(&e->log);
    struct plan p = plan(e->scratch, o, &seen, e->world.now, &settings);
    size_t done = 0;
    for (const struct plan_action *x = p.first; x && done < cut; x = x->next, done++) {
        if (x->verb == PLAN_ASK)
            continue;
        e->space->before(e, x);
        if (!world_do(&e->world, x))
            break; /* a conflict: an earlier action has changed the object, and the host plans again */
        e->changes++;
    }
    return p.count;
}

static void plans(struct search *s)
{
    struct explorer *e = s->e;
    load(s, s->at);
    size_t objects = e->world.count;
    for (size_t i = 0; i < objects && !*e->broken; i++)
        for (int answered = 0; answered <= 1; answered++)
            for (size_t cut = 1, count = 1; cut <= count && !*e->broken; cut++) {
                char how[80];
                load(s, s->at);
                slice name = tree_text_at(e->world.items[i], "metadata.name");
                snprintf(how, sizeof how, "%.*s%s:%zu", FMT(name), answered ? "" : "?", cut);
                count = plan_cut(e, i, cut, answered);
                e->space->after(e);
                keep(s, how);
            }
}

static void jobs(struct search *s)
{
    struct explorer *e = s->e;
    load(s, s->at);
    size_t objects = e->world.count;
    for (size_t i = 0; i < objects && !*e->broken; i++)
        for (unsigned fate = 0; fate < 4; fate++) {
            char how[80];
            load(s, s->at);
            struct node *job = e->world.items[i];
            if (!slice_eq(tree_text(job, "kind"), LIT("Job")) || job_has_ended(job))
                break;
            snprintf(how, sizeof how, "%.*s %s%s", FMT(tree_text_at(job, "metadata.name")),
                     fate & 1 ? "works" : "fails", fate & 2 ? "" : " silently");
            if (!job_has_begun(job))
                pod_begins(&e->world, job);
            pod_ends(&e->world, &e->log, job, (struct pod_end){fate & 1, fate & 2});
            if (e->log.found && !e->log.checkpoint)
                e->log.checkpoint = e->log.start + (timestamp_tso(600000) - timestamp_tso(0));
            e->space->after(e);
            keep(s, how);
        }
}

static void people(struct search *s)
{
    struct explorer *e = s->e;
    for (unsigned number = 0; !*e->broken; number++) {
        char how[80];
        bool done = false;
        load(s, s->at);
        if (!e->space->person(e, number, &done))
            break;
        snprintf(how, sizeof how, "person %u", number);
        if (done)
            keep(s, how);
    }
    load(s, s->at);
    if (e->world.now + e->space->step > e->space->end)
        return;
    e->world.now += e->space->step;
    keep(s, "time");
}

/* ---- it settles ---- */

static bool quiet_round(struct explorer *e)
{
    size_t before = e->changes;
    bool ran = false;
    for (size_t i = 0; i < e->world.count; i++)
        plan_cut(e, i, SIZE_MAX, true);
    for (size_t i = 0; i < e->world.count; i++) {
        struct node *job = e->world.items[i];
        if (!slice_eq(tree_text(job, "kind"), LIT("Job")) || job_has_ended(job))
            continue;
        ran = true;
        if (!job_has_begun(job))
            pod_begins(&e->world, job);
        pod_ends(&e->world, &e->log, job, (struct pod_end){true, true});
        if (e->log.found && !e->log.checkpoint)
            e->log.checkpoint = e->log.start + (timestamp_tso(600000) - timestamp_tso(0));
    }
    return e->changes != before || ran;
}

/* A deleted object disappears, unless its cleaning Job has failed: then a person must look at it. */
static void check_gone(struct explorer *e)
{
    bool clean_failed = false;
    for (size_t i = 0; i < e->world.count; i++) {
        const struct node *conditions = node_at(e->world.items[i], "status.conditions");
        clean_failed = clean_failed || (slice_starts(e->world.keys[i].name, LIT("clean-")) &&
                                        slice_eq(tree_text(node_first(conditions), "type"), LIT("Failed")));
    }
    for (size_t i = 0; i < e->world.count; i++)
        if (node_at(e->world.items[i], "metadata.deletionTimestamp") && !clean_failed)
            explore_broken(e, "%.*s never disappears", FMT(e->world.keys[i].name));
}

/* From here on everything succeeds, without interference. */
static void settles(struct search *s)
{
    enum { ROUNDS = 40, CALM = 8 };
    struct explorer *e = s->e;
    size_t changes = e->changes;
    int calm = 0;
    load(s, s->at);
    for (int round = 0; round < ROUNDS && calm < CALM && !*e->broken; round++) {
        calm = quiet_round(e) ? 0 : calm + 1;
        if (!e->space->clock_held)
            e->world.now += 600;
    }
    e->changes = changes;
    if (calm < CALM)
        explore_broken(e, "it does not settle");
    check_gone(e);
    e->settled++;
}

void explore(struct explorer *e)
{
    struct search s = {.e = e, .seen_size = e->space->most * 8};
    s.states = ARENA_ARRAY(e->kept, struct state, e->space->most);
    s.seen = ARENA_ARRAY(e->kept, uint64_t, s.seen_size);
    s.planned = ARENA_ARRAY(e->kept, uint64_t, s.seen_size);
    e->world = world_new(e->arena, e->schemas, e->space->begin);
    e->world.next_uid = 1;
    e->log.missing_since = e->space->begin - 86400;
    struct findings f = findings_new(e->arena);
    const struct node *list = json_read(e->arena, slice_of(e->space->objects), &f);
    for (struct node *n = node_first(list); n; n = node_next(n))
        world_create(&e->world, n);
    keep(&s, "");
    for (; s.at < s.count && !*e->broken; s.at++) {
        plans(&s);
        jobs(&s);
        people(&s);
        settles(&s);
    }
    e->states = s.count;
    e->whole = s.count < e->space->most;
    if (*e->broken) {
        size_t n = strlen(e->broken);
        snprintf(e->broken + n, sizeof e->broken - n, ": ");
        put_path(&s, s.at ? s.at - 1 : 0, e->broken, sizeof e->broken);
    }
}
