/* Time, network and hosts. */
#include "life.h"

#include "brgate_limits.h"
#include "timestamp.h"
#include "tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    WORLD_MS = 300000, /* between two looks at pods and people */
    SWAP_BYTES = 16 << 20,
};

static unsigned dice(struct life *l, unsigned below)
{
    return simulation_dice(&l->s, below);
}

/* Returns true once in `times`, while there are faults. */
static bool strikes(struct life *l, unsigned odds)
{
    return l->s.faults && dice(l, odds) == 0;
}

void life_trace(struct life *l, const char *format, ...)
{
    va_list args;
    char *line = l->trace[l->trace_count++ % TRACE_LINES];
    int n = snprintf(line, TRACE_BYTES, "%8" PRId64 ".%03d ", l->ms / 1000, (int)(l->ms % 1000));
    va_start(args, format);
    vsnprintf(line + n, (size_t)(TRACE_BYTES - n), format, args);
    va_end(args);
}

void life_print_trace(const struct life *l)
{
    size_t first = l->trace_count > TRACE_LINES ? l->trace_count - TRACE_LINES : 0;
    for (size_t i = first; i < l->trace_count; i++)
        fprintf(stderr, "    %s\n", l->trace[i % TRACE_LINES]);
}

/* ---- machines ---- */

static struct machine_moment now_of(const struct life *l, const struct host *h)
{
    return (struct machine_moment){h->base + l->ms, l->s.world.now + h->wall_offset};
}

enum { IDENTITY_BYTES = 32 };

static void identity_of(const struct host *h, char *ret)
{
    snprintf(ret, IDENTITY_BYTES, "host-%u-%u", h->number, h->generation);
}

static void start(struct life *l, struct host *h)
{
    char identity[IDENTITY_BYTES];
    h->generation++;
    identity_of(h, identity);
    const unsigned older = MACHINE_KIND(GROUP_PINGCAP, KIND_BACKUP) |
                           MACHINE_KIND(GROUP_PINGCAP, KIND_BACKUP_SCHEDULE) |
                           MACHINE_KIND(GROUP_PINGCAP, KIND_COMPACT_BACKUP);
    const struct machine_settings settings = {
        .gate = l->gate,
        .plan = {.time_zone = LIT("UTC")},
        .kinds = MACHINE_KIND(GROUP_BR, KIND_BACKUP) | MACHINE_DEFAULT_KINDS | older,
        .identity = slice_of(identity),
        .lease_namespace = LIT("brgate"),
        .lease_name = LIT("brgate-reconcile"),
        .lease_duration = 6 * l->lease_retry,
        .lease_renew_deadline = 4 * l->lease_retry,
        .lease_retry = l->lease_retry,
        .most_in_flight = 3}; /* so that objects wait for a turn, as thousands do when there are 16 */
    h->m = machine_new(&settings);
    h->base = dice(l, 1000) * INT64_C(1000000);
    h->retry_at = h->base + l->ms;
    memset(h->watches, 0, sizeof h->watches);
}

void life_crash(struct life *l, struct host *h)
{
    enum { MOST_DOWN_S = 90 };
    if (!h->m)
        return;
    l->crashes++;
    l->broken_machines += machine_state(h->m) == MACHINE_BROKEN;
    life_trace(l, "host %u crashes", h->number);
    machine_free(h->m);
    h->m = NULL;
    h->starts_at = l->ms + (1 + dice(l, MOST_DOWN_S)) * INT64_C(1000);
}

/* ---- messages ---- */

static int64_t delay(struct life *l)
{
    int64_t ms = 2 + dice(l, 40);
    if (strikes(l, 12))
        ms += dice(l, 3000);
    if (strikes(l, 60))
        ms += dice(l, 20000);
    return ms;
}

static void post(struct life *l, struct message *x, int64_t due)
{
    if (l->message_count == MOST_MESSAGES) {
        fprintf(stderr, "too many messages\n");
        abort();
    }
    x->due = due;
    x->number = ++l->last_message;
    l->messages[l->message_count++] = x;
}

static void free_message(struct message *x)
{
    free(x->texts);
    free(x->body);
    free(x);
}

static slice own_text(char **at, slice s)
{
    if (s.n)
        memcpy(*at, s.p, s.n);
    slice own = {*at, s.n};
    *at += s.n;
    return own;
}

static struct message *message_of(const struct machine_request *q)
{
    struct message *x = calloc(1, sizeof *x);
    slice none = {0};
    slice *const texts[] = {&x->request.namespace, &x->request.name, &x->request.query, &x->request.body};
    x->request = *q;
    char *at = x->texts = calloc(1, q->namespace.n + q->name.n + q->query.n + q->body.n + 1);
    for (size_t i = 0; i < COUNT(texts); i++)
        *texts[i] = own_text(&at, texts[i]->n ? *texts[i] : none);
    return x;
}

static void answer(struct life *l, struct message *x, int status, slice body, int64_t due)
{
    x->to_server = false;
    x->status = status;
    free(x->body);
    x->body = strndup(body.p ? body.p : "", body.n);
    x->body_n = body.n;
    post(l, x, due);
}

/* ---- watches ---- */

static void open_watch(struct life *l, struct host *h, struct message *x)
{
    enum { MOST_OPEN_MS = 420000 };
    struct watch *w = h->watches;
    while (w < h->watches + MOST_WATCHES && w->open && machine_awaits(h->m, w->id))
        w++;
    if (w == h->watches + MOST_WATCHES) {
        fprintf(stderr, "too many watches\n");
        abort();
    }
    size_t cursor = api_watch(&l->api, query_value(x->request.query, "resourceVersion"));
    if (cursor == SIZE_MAX || strikes(l, 30)) {
        answer(l, x, cursor == SIZE_MAX ? 410 : 503, LIT("{}"), l->ms + delay(l));
        return;
    }
    *w = (struct watch){.id = x->request.id,
                        .group_version = x->request.group_version,
                        .resource = x->request.resource,
                        .cursor = cursor,
                        .due = l->ms,
                        .ends = l->ms + MOST_OPEN_MS / 2 + dice(l, MOST_OPEN_MS / 2),
                        .open = true};
    if (strikes(l, 4))
        w->frozen_until = l->ms + dice(l, 1800000);
    free_message(x);
}

static void send_event(struct life *l, struct host *h, const struct machine_event *e);

static void end_watch(struct life *l, struct host *h, struct watch *w)
{
    w->open = false;
    send_event(
        l, h,
        &(struct machine_event){.kind = MACHINE_WATCH_END, .id = w->id, .status = strikes(l, 2) ? 0 : 200});
}

/* The next line of the watch, if there is one. */
static void pump_watch(struct life *l, struct host *h, struct watch *w)
{
    enum { IDLE_MS = 60000 };
    const struct api_change *c = NULL;
    if (!machine_awaits(h->m, w->id)) {
        w->open = false;
        return;
    }
    if (l->ms >= w->ends) {
        end_watch(l, h, w);
        return;
    }
    w->due = l->ms + IDLE_MS;
    if (w->frozen_until > l->ms) {
        w->due = w->frozen_until < w->ends ? w->frozen_until : w->ends;
        return;
    }
    if (api_has_forgotten(&l->api, w->cursor)) {
        w->ends = l->ms;
        send_event(l, h,
                   &(struct machine_event){
                       .kind = MACHINE_WATCH_LINE,
                       .id = w->id,
                       .body = LIT("{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410}}")});
        return;
    }
    while (w->cursor < api_changes(&l->api) &&
           !(c = api_change_at(&l->api, w->cursor, w->group_version, w->resource)))
        w->cursor++;
    if (c) {
        bool again = strikes(l, 20); /* the same line twice */
        w->cursor += !again;
        w->due = l->ms + 1 + dice(l, 20);
        life_trace(l, "host %u sees %s %s", h->number, c->type, w->resource);
        send_event(l, h,
                   &(struct machine_event){.kind = MACHINE_WATCH_LINE, .id = w->id, .body = {c->line, c->n}});
    } else {
        char line[120];
        int n = snprintf(line, sizeof line,
                         "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"%llu\"}}}",
                         (unsigned long long)l->s.world.next_uid - 1);
        send_event(
            l, h,
            &(struct machine_event){.kind = MACHINE_WATCH_LINE, .id = w->id, .body = {line, (size_t)n}});
    }
}

/* ---- hosts ---- */

/* Checks that the writer holds the lease in the API server at that moment. */
static void check_lease(struct life *l, const struct host *h, const struct machine_request *q)
{
    char identity[IDENTITY_BYTES];
    bool reads = q->verb == MACHINE_LIST || q->verb == MACHINE_WATCH || q->verb == MACHINE_GET ||
                 q->verb == MACHINE_ASK;
    if (reads || !strcmp(q->resource, "leases"))
        return;
    identity_of(h, identity);
    const struct node *lease = world_find(&l->s.world, "Lease", LIT("brgate"), LIT("brgate-reconcile"));
    if (!slice_eq(tree_text_at(lease, "spec.holderIdentity"), slice_of(identity)))
        invariant_broken(&l->s, "%s writes without the lease", identity);
}

static void start_request(struct life *l, struct host *h, const struct machine_request *q)
{
    struct message *x = message_of(q);
    check_lease(l, h, q);
    x->host = h->number;
    x->generation = h->generation;
    x->to_server = true;
    bool lease = !strcmp(q->resource ? q->resource : "", "leases");
    bool watch = q->verb == MACHINE_WATCH;
    if (q->verb != MACHINE_LIST && !watch && !lease)
        life_trace(l, "host %u: verb %d %s/%s %.*s %.*s", x->host, q->verb, q->resource ? q->resource : "ask",
                   q->subresource ? q->subresource : "", FMT(q->name), FMT(slice_cut(q->body, 0, 120)));
    if ((lease && l->ms < h->cut_until) || (!watch && strikes(l, 30))) { /* never arrives */
        answer(l, x, 0, (slice){0}, q->deadline - h->base);
        return;
    }
    x->lost_answer = !watch && strikes(l, 30);
    post(l, x, l->ms + delay(l));
}

static void call_machine(struct life *l, struct host *h)
{
    struct machine_request q;
    struct machine_note n;
    while (machine_next(h->m, now_of(l, h), &q))
        start_request(l, h, &q);
    while (machine_note(h->m, &n))
        life_trace(l, "host %u says %.*s %.*s: %.*s", h->number, FMT(n.kind), FMT(n.name), FMT(n.text));
    h->retry_at = machine_wake(h->m);
    if (machine_state(h->m) >= MACHINE_ENDED)
        life_crash(l, h);
}

static void send_event(struct life *l, struct host *h, const struct machine_event *e)
{
    if (!h->m)
        return;
    machine_event(h->m, now_of(l, h), e);
    call_machine(l, h);
}

/* The request reaches the server, and is answered. */
static void serve(struct life *l, struct message *x)
{
    struct host *h = &l->hosts[x->host];
    int64_t gives_up = x->request.deadline - h->base;
    if (x->request.verb == MACHINE_WATCH) {
        if (h->m && x->generation == h->generation)
            open_watch(l, h, x);
        else
            free_message(x);
        return;
    }
    if (x->request.verb == MACHINE_ASK) {
        x->task = cluster_log_answer(&l->s.log);
        x->task.known = !strikes(l, 10);
        answer(l, x, 200, (slice){0}, l->ms + delay(l));
        return;
    }
    if (strikes(l, 30)) {
        answer(l, x, dice(l, 2) ? 500 : 429, LIT("{}"), l->ms + delay(l));
        return;
    }
    if (x->request.verb == MACHINE_LIST &&
        strikes(l, 30)) { /* a server that has just started refuses every client */
        answer(l, x, 403, LIT("{}"), l->ms + delay(l));
        return;
    }
    if (x->request.verb == MACHINE_CREATE && strikes(l, 60)) {
        answer(l, x, 403, LIT("{\"reason\":\"Forbidden\",\"message\":\"exceeded quota\"}"), l->ms + delay(l));
        return;
    }
    struct api_answer a = api_do(&l->api, &x->request);
    if (x->request.verb == MACHINE_CREATE && (a.status == 403 || a.status == 404))
        namespaces_refused(l, h, &x->request);
    if (a.status == 409)
        l->conflicts++;
    if (x->request.verb != MACHINE_LIST && x->request.verb != MACHINE_GET &&
        strcmp(x->request.resource, "leases"))
        life_trace(l, "server: host %u verb %d %s %.*s: %d", x->host, x->request.verb, x->request.resource,
                   FMT(x->request.name), a.status);
    int64_t due = l->ms + delay(l);
    if (x->lost_answer || due > gives_up)
        answer(l, x, 0, (slice){0}, gives_up > l->ms ? gives_up : l->ms);
    else
        answer(l, x, a.status, a.body, due);
}

static void deliver(struct life *l, struct message *x)
{
    struct host *h = &l->hosts[x->host];
    if (x->to_server) {
        serve(l, x);
        return;
    }
    if (h->m && x->generation == h->generation) {
        bool ask = x->request.verb == MACHINE_ASK, watch = x->request.verb == MACHINE_WATCH;
        x->task.known = x->task.known && x->status;
        const struct machine_event e = {.kind = ask     ? MACHINE_TASK
                                                : watch ? MACHINE_WATCH_END
                                                        : MACHINE_ANSWER,
                                        .id = x->request.id,
                                        .status = x->status,
                                        .body = {x->body, x->body_n},
                                        .task = &x->task};
        send_event(l, h, &e);
    }
    free_message(x);
}

/* ---- steps ---- */

static size_t earliest_message(const struct life *l)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < l->message_count; i++) {
        const struct message *x = l->messages[i], *b = best == SIZE_MAX ? NULL : l->messages[best];
        if (!b || x->due < b->due || (x->due == b->due && x->number < b->number))
            best = i;
    }
    return best;
}

/* Returns when the host acts by itself, and the watch that does; NULL: the machine, or a start. */
static int64_t host_due(const struct life *l, struct host *h, struct watch **ret)
{
    *ret = NULL;
    if (!h->m)
        return h->starts_at;
    int64_t due = h->retry_at == INT64_MAX ? INT64_MAX : h->retry_at - h->base;
    for (size_t i = 0; i < MOST_WATCHES; i++)
        if (h->watches[i].open && h->watches[i].due < due) {
            due = h->watches[i].due;
            *ret = &h->watches[i];
        }
    due = due > h->stalled_until ? due : h->stalled_until;
    return due > l->ms ? due : l->ms;
}

static void advance(struct life *l, int64_t to)
{
    enum { MOST_AT_ONCE = 20000 };
    l->at_once = to > l->ms ? 0 : l->at_once + 1;
    if (l->at_once > MOST_AT_ONCE)
        invariant_broken(&l->s, "a machine wants to be called again and again");
    int64_t before = l->ms / 1000;
    l->ms = to > l->ms ? to : l->ms;
    l->s.world.now += l->ms / 1000 - before;
}

static void watch_leader(struct life *l)
{
    for (unsigned i = 0; i < HOSTS; i++) {
        struct host *h = &l->hosts[i];
        if (h->m && machine_state(h->m) == MACHINE_LEADING && l->leader != i) {
            l->leader = i;
            l->takeovers++;
        }
    }
}

/* The world moves to the other arena, so that memory does not grow without bound. */
static void swap_arenas(struct life *l)
{
    struct simulation *s = &l->s;
    arena_reset(s->scratch);
    if (arena_used(s->world.arena) < SWAP_BYTES)
        return;
    s->arena_used = 1 - s->arena_used;
    struct arena *next = s->arenas[s->arena_used];
    arena_reset(next);
    s->world = world_copy(&s->world, next);
}

/* The API server has something new for the watches. */
static void rouse_watches(struct life *l)
{
    if (l->changes_shown == api_changes(&l->api))
        return;
    l->changes_shown = api_changes(&l->api);
    for (size_t i = 0; i < HOSTS * MOST_WATCHES; i++) {
        struct watch *w = &l->hosts[i / MOST_WATCHES].watches[i % MOST_WATCHES];
        if (w->open && w->due > l->ms + 20 && w->frozen_until <= l->ms)
            w->due = l->ms + 1 + dice(l, 20);
    }
}

/* The garbage collector sees what has changed, with faults some time later. */
static void collect(struct life *l)
{
    enum { LATE = 60 };
    if (l->collected == l->s.world.next_uid || (l->s.faults && dice(l, LATE)))
        return;
    world_collect(&l->s.world);
    namespaces_work(l);
    api_poll(&l->api);
    l->collected = l->s.world.next_uid;
}

void life_step(struct life *l, int64_t end)
{
    struct watch *w = NULL, *other;
    struct host *h = NULL;
    int64_t due = l->world_stands_still ? end : l->world_ms;
    size_t message = earliest_message(l);
    if (message != SIZE_MAX && l->messages[message]->due <= due)
        due = l->messages[message]->due;
    else
        message = SIZE_MAX;
    for (unsigned i = 0; i < HOSTS; i++) {
        int64_t at = host_due(l, &l->hosts[i], &other);
        if (at >= due)
            continue;
        due = at;
        h = &l->hosts[i];
        w = other;
        message = SIZE_MAX;
    }
    l->steps++;
    swap_arenas(l);
    advance(l, due < end ? due : end);
    if (due >= end)
        return;
    if (message != SIZE_MAX) {
        struct message *x = l->messages[message];
        l->messages[message] = l->messages[--l->message_count];
        if (!x->to_server && l->hosts[x->host].stalled_until > l->ms)
            post(l, x, l->hosts[x->host].stalled_until);
        else
            deliver(l, x);
    } else if (!h) {
        l->world_ms = l->ms + (l->s.faults ? WORLD_MS / 5 + dice(l, WORLD_MS) : WORLD_MS);
        pods_work(&l->s);
        namespaces_work(l);
        faults_strike(l);
        api_poll(&l->api);
    } else if (!h->m) {
        start(l, h);
        call_machine(l, h);
    } else if (w) {
        pump_watch(l, h, w);
    } else {
        call_machine(l, h);
    }
    collect(l);
    watch_leader(l);
    rouse_watches(l);
    for (unsigned i = 0; i < HOSTS; i++)
        fairness_check(l, &l->hosts[i]);
}

void life_run(struct life *l, int64_t seconds)
{
    int64_t end = l->ms + seconds * 1000;
    while (l->ms < end && !*l->s.broken)
        life_step(l, end);
}

bool life_settles(struct life *l)
{
    enum { WINDOW_SECONDS = 900, WINDOWS = 8 };
    l->world_stands_still = true;
    for (int i = 0; i < WINDOWS && !*l->s.broken; i++) {
        size_t before = l->api.writes;
        life_run(l, WINDOW_SECONDS);
        if (l->api.writes == before)
            return true;
    }
    return false;
}

/* ---- life and death ---- */

bool life_open(struct life *l, const struct schema_set *schemas, const struct gate *gate, uint64_t seed)
{
    *l = (struct life){.gate = gate, .leader = HOSTS, .lease_retry = 10000};
    if (!simulation_open(&l->s, schemas, seed))
        return false;
    api_open(&l->api, &l->s);
    namespaces_open(l);
    api_poll(&l->api);
    for (unsigned i = 0; i < HOSTS; i++) {
        l->hosts[i].number = i;
        l->hosts[i].starts_at = i * 500;
    }
    return true;
}

void life_close(struct life *l)
{
    for (unsigned i = 0; i < HOSTS; i++)
        machine_free(l->hosts[i].m);
    for (size_t i = 0; i < l->message_count; i++)
        free_message(l->messages[i]);
    api_close(&l->api);
    simulation_close(&l->s);
}
