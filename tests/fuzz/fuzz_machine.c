/* The controller's machine with any sequence of events. An input is a script, a line an event:
 *
 *     + MS               time passes             @ SECONDS          the wall clock is set
 *     o NUMBER           the NUMBER-th open request gets the answer that it wants
 *     a NUMBER STATUS BODY   it gets this one    l NUMBER ITEMS     a list of these items
 *     e NUMBER LINE      a line of the watch     x NUMBER STATUS    the watch is over
 *     k NUMBER FOUND     the task is there       s                  stop
 *     m NUMBER           that allocation fails
 *
 * Whatever happens, requests are well formed, their numbers rise, and a moment has an end. */
#include "fuzz.h"

#include "builtin_schemas.h"
#include "document.h"
#include "machine.h"
#include "num.h"

#include <string.h>

enum { MOST_OPEN = 64, MOST_LINES = 300, MOST_REQUESTS_A_MOMENT = 400 };

struct open_request {
    uint64_t id;
    enum machine_verb verb;
    bool lease;
    char *body;
    size_t n;
};

struct script {
    struct machine *m;
    struct arena *arena;
    struct machine_moment now;
    struct open_request open[MOST_OPEN];
    size_t open_count;
    uint64_t last_id;
};

static void forget(struct script *s, size_t i)
{
    free(s->open[i].body);
    s->open[i] = s->open[--s->open_count];
}

static bool is_json(struct script *s, slice text)
{
    struct findings f = findings_new(s->arena);
    return json_read(s->arena, text, &f) != NULL;
}

static void check_request(struct script *s, const struct machine_request *q)
{
    bool writes = q->verb == MACHINE_CREATE || q->verb == MACHINE_UPDATE || q->verb == MACHINE_PATCH ||
                  q->verb == MACHINE_DELETE;
    PROMISE(q->id > s->last_id && q->verb < MACHINE_VERB_COUNT);
    PROMISE(machine_awaits(s->m, q->id));
    PROMISE((q->verb == MACHINE_ASK) == (q->question != NULL));
    PROMISE(q->verb == MACHINE_ASK || (q->group_version && q->resource));
    PROMISE(!writes || is_json(s, q->body));
    PROMISE(q->name.n || q->verb == MACHINE_CREATE || q->verb == MACHINE_LIST || q->verb == MACHINE_WATCH);
    s->last_id = q->id;
}

static void take_requests(struct script *s)
{
    struct machine_request q;
    struct machine_note n;
    size_t count = 0;
    while (machine_next(s->m, s->now, &q)) {
        PROMISE(++count < MOST_REQUESTS_A_MOMENT);
        check_request(s, &q);
        if (s->open_count == MOST_OPEN)
            forget(s, 0);
        struct open_request *o = &s->open[s->open_count++];
        *o = (struct open_request){.id = q.id, .verb = q.verb, .n = q.body.n};
        o->lease = q.resource && !strcmp(q.resource, "leases");
        o->body = malloc(q.body.n + 1);
        if (q.body.n)
            memcpy(o->body, q.body.p, q.body.n);
    }
    while (machine_note(s->m, &n))
        PROMISE(n.text.n > 0);
    PROMISE(machine_state(s->m) <= MACHINE_BROKEN && machine_count(s->m, MACHINE_IN_FLIGHT) <= 64 + 8);
}

static void send_event(struct script *s, const struct machine_event *e)
{
    machine_event(s->m, s->now, e);
    take_requests(s);
}

static uint64_t take_number(slice *line)
{
    uint64_t number;
    slice word = slice_cut(*line, 0, slice_find_char(*line, ' '));
    *line = slice_from(*line, word.n + 1);
    return num_u64(word, &number) ? number : 0;
}

/* The request as it was sent, with what the server adds; an empty list. */
static slice hoped_for(struct script *s, const struct open_request *o)
{
    static const char metadata[] = "\"metadata\":{";
    slice body = {o->body, o->n};
    if (o->verb == MACHINE_LIST)
        return LIT("{\"metadata\":{\"resourceVersion\":\"100\"},\"items\":[]}");
    if (o->verb == MACHINE_DELETE)
        return LIT("{\"kind\":\"Status\",\"status\":\"Success\"}");
    size_t at = slice_find(body, slice_of(metadata));
    if (at == SLICE_NONE)
        return LIT("{}");
    at += strlen(metadata);
    return arena_fmt(s->arena, "%.*s\"uid\":\"u%llu\",\"resourceVersion\":\"%llu\",%.*s", (int)at, body.p,
                     (unsigned long long)o->id, (unsigned long long)o->id + 1000, FMT(slice_from(body, at)));
}

static void answer(struct script *s, char op, slice line)
{
    size_t i = (size_t)take_number(&line);
    if (!s->open_count)
        return;
    i %= s->open_count;
    struct open_request o = s->open[i];
    struct machine_event e = {.id = o.id, .status = 200};
    struct log_task task = {.known = true};
    switch (op) {
    case 'o':
        if (o.verb == MACHINE_WATCH)
            return;
        e.status = o.lease && o.verb == MACHINE_GET ? 404 : 200;
        e.body = hoped_for(s, &o);
        break;
    case 'a':
        e.status = (int)(take_number(&line) % 1000);
        e.body = line;
        e.error = LIT("error");
        break;
    case 'l':
        e.body =
            arena_fmt(s->arena, "{\"metadata\":{\"resourceVersion\":\"100\"},\"items\":[%.*s]}", FMT(line));
        break;
    case 'e':
        e.kind = MACHINE_WATCH_LINE;
        e.body = line;
        send_event(s, &e);
        return;
    case 'x':
        e.kind = MACHINE_WATCH_END;
        e.status = (int)(take_number(&line) % 1000);
        break;
    default:
        e.kind = MACHINE_TASK;
        task.known = line.n > 0;
        task.found = task.known && line.p[0] == '1';
        task.checkpoint = task.start_ts = 1000;
        e.task = &task;
        break;
    }
    forget(s, i);
    send_event(s, &e);
}

static void play(struct script *s, slice line)
{
    char op = line.n ? line.p[0] : ' ';
    slice rest = slice_from(line, 2);
    switch (op) {
    case '+':
        s->now.ms += (int64_t)(take_number(&rest) % 100000000);
        take_requests(s);
        break;
    case '@':
        s->now.wall = (int64_t)(take_number(&rest) % 4000000000);
        take_requests(s);
        break;
    case 's':
        send_event(s, &(struct machine_event){.kind = MACHINE_STOP});
        break;
    case 'm':
        machine_fail_at(s->m, take_number(&rest));
        break;
    case 'o':
    case 'a':
    case 'l':
    case 'e':
    case 'x':
    case 'k':
        answer(s, op, rest);
        break;
    default:
        break;
    }
}

static struct gate *the_gate(void)
{
    static struct gate *gate;
    const struct policy policy = {0};
    if (!gate)
        gate = gate_open(&policy, &builtin_schemas);
    return gate;
}

static void check(struct arena *a, slice bytes)
{
    const struct machine_settings settings = {.gate = the_gate(),
                                              .kinds = 63,
                                              .identity = LIT("fuzz"),
                                              .lease_namespace = LIT("brgate"),
                                              .lease_name = LIT("brgate")};
    struct script s = {.m = machine_new(&settings), .arena = a, .now = {1000, 1795694400}};
    take_requests(&s);
    for (size_t i = 0; bytes.n && i < MOST_LINES; i++) {
        slice line = slice_cut(bytes, 0, slice_find_char(bytes, '\n'));
        play(&s, line);
        bytes = slice_from(bytes, line.n + 1);
    }
    while (s.open_count)
        forget(&s, 0);
    machine_free(s.m);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    return fuzz_in_arena(check, bytes, size);
}
