#include "scenario.h"

#include "civil.h"
#include "quantity.h"
#include "settings.h"
#include "suggest.h"
#include "timestamp.h"

#include <stddef.h>

#define GIB 1073741824.0

struct scenario scenario_default(void)
{
    return (struct scenario){.snapshot_takes = 1800,
                             .compaction_takes = 600,
                             .clean_takes = 60,
                             .log_command_takes = 10,
                             .log_lag = 120,
                             .snapshot_bytes = 100 * GIB,
                             .log_per_hour = 1 * GIB,
                             .compacted_share = 0.3};
}

/* ---- spans ---- */

bool span_parse(slice s, int64_t *ret)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'y', SPAN_YEAR}, {'w', 7 * SPAN_DAY}, {'d', SPAN_DAY}, {'h', 3600}, {'m', 60}, {'s', 1}};
    size_t i = 0, unit = 0;
    int64_t total = 0;
    while (i < s.n) {
        int64_t number = 0;
        size_t digits = i;
        for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && number < SPAN_YEAR; i++)
            number = number * 10 + (s.p[i] - '0');
        if (i == digits || i == s.n)
            return false;
        while (unit < COUNT(units) && units[unit].unit != s.p[i])
            unit++;
        if (unit == COUNT(units))
            return false;
        total += number * units[unit].seconds;
        if (total > INT64_C(100) * SPAN_YEAR)
            return false;
        i++;
        unit++; /* each unit once, the largest first */
    }
    *ret = total;
    return total > 0;
}

/* ---- values ---- */

struct reading {
    struct settings file;
    struct scenario *scenario;
    int64_t from, until;
    size_t capacity;
};

struct field {
    slice key;
    bool (*read)(struct reading *r, const struct node *n, void *to);
    size_t at; /* in struct scenario */
};

static bool read_span(struct reading *r, const struct node *n, void *to)
{
    return (n->kind == NODE_STRING && span_parse(n->text, to)) ||
           settings_fault(&r->file, n->at, "%.*s: expected a span of time such as 45m, 6h or 3d",
                          FMT(n->key));
}

static bool read_size(struct reading *r, const struct node *n, void *to)
{
    struct quantity q;
    bool number = n->kind == NODE_STRING || n->kind == NODE_INT || n->kind == NODE_FLOAT;
    if (!number || !quantity_parse(n->text, &q, NULL) || q.negative)
        return settings_fault(&r->file, n->at, "%.*s: expected a size such as 500Gi", FMT(n->key));
    *(double *)to = (double)q.nanos / 1e9;
    return true;
}

static bool read_share(struct reading *r, const struct node *n, void *to)
{
    struct quantity q;
    bool percent = n->kind == NODE_STRING && n->text.n > 1 && n->text.p[n->text.n - 1] == '%';
    if (!percent || !quantity_parse(slice_cut(n->text, 0, n->text.n - 1), &q, NULL) || q.negative)
        return settings_fault(&r->file, n->at, "%.*s: expected a share such as 30%%", FMT(n->key));
    *(double *)to = (double)q.nanos / 1e11;
    return *(double *)to <= 1 ||
           settings_fault(&r->file, n->at,
                          "%.*s: expected at most 100%%: a compaction writes no more than it reads",
                          FMT(n->key));
}

static bool read_every(struct reading *r, const struct node *n, void *to)
{
    if (n->kind != NODE_INT || n->integer < 1)
        return settings_fault(&r->file, n->at, "%.*s: expected a number of at least 1: each nth Job fails",
                              FMT(n->key));
    *(int64_t *)to = n->integer;
    return true;
}

/* ---- mappings ---- */

struct fields {
    slice in; /* the key whose value has these; empty: the file itself */
    const struct field *list;
    size_t count;
};

static slice *names_of(struct arena *a, const struct fields *f)
{
    slice *names = ARENA_ARRAY(a, slice, f->count);
    for (size_t i = 0; i < f->count; i++)
        names[i] = f->list[i].key;
    return names;
}

/* "snapshot, compaction or clean" */
static slice all_of(struct arena *a, const struct fields *f)
{
    struct buf all = buf_new(a, SIZE_MAX);
    for (size_t i = 0; i < f->count; i++)
        buf_fmt(&all, "%s%.*s", i == 0 ? "" : i + 1 == f->count ? " or " : ", ", FMT(f->list[i].key));
    return buf_slice(&all);
}

static bool unknown_key(struct reading *r, const struct node *n, const struct fields *f)
{
    struct error why;
    suggest_unknown_of(&why, "key", n->key, names_of(r->file.arena, f), f->count);
    return settings_fault(&r->file, n->key_at, "%s", why.text);
}

static bool read_field(struct reading *r, const struct node *n, const struct fields *f, void *base)
{
    for (size_t i = 0; i < f->count; i++)
        if (slice_eq(n->key, f->list[i].key))
            return f->list[i].read(r, n, (char *)base + f->list[i].at);
    return unknown_key(r, n, f);
}

/* Reads a mapping whose keys are those of `f`, into `base`. */
static bool read_fields(struct reading *r, const struct node *map, const struct fields *f, void *base)
{
    if (map->kind != NODE_OBJECT)
        return settings_fault(&r->file, map->at, "expected a mapping, such as %.*s: ...",
                              FMT(f->list[0].key));
    if (!node_first(map))
        return settings_fault(&r->file, map->at, "this says nothing: expected %.*s",
                              FMT(all_of(r->file.arena, f)));
    for (const struct node *n = node_first(map); n; n = node_next(n))
        if (!read_field(r, n, f, base))
            return false;
    return true;
}

#define FIELD(name, read, member)                                                                            \
    {                                                                                                        \
        SLICE(name), read, offsetof(struct scenario, member)                                                 \
    }

static const struct field duration_fields[] = {
    FIELD("snapshot", read_span, snapshot_takes), FIELD("compaction", read_span, compaction_takes),
    FIELD("clean", read_span, clean_takes), FIELD("logCommand", read_span, log_command_takes),
    FIELD("logLag", read_span, log_lag)};
static const struct fields durations = {SLICE("durations"), duration_fields, COUNT(duration_fields)};

static const struct field size_fields[] = {
    FIELD("snapshot", read_size, snapshot_bytes), FIELD("growthPerDay", read_size, growth_per_day),
    FIELD("logPerHour", read_size, log_per_hour), FIELD("compacted", read_share, compacted_share)};
static const struct fields sizes = {SLICE("sizes"), size_fields, COUNT(size_fields)};

static const struct field failure_fields[] = {FIELD("snapshotEvery", read_every, snapshot_fails_every),
                                              FIELD("compactionEvery", read_every, compaction_fails_every)};
static const struct fields failures = {SLICE("failures"), failure_fields, COUNT(failure_fields)};

static bool read_durations(struct reading *r, const struct node *n, void *to)
{
    return read_fields(r, n, &durations, to);
}

static bool read_sizes(struct reading *r, const struct node *n, void *to)
{
    return read_fields(r, n, &sizes, to);
}

static bool read_failures(struct reading *r, const struct node *n, void *to)
{
    return read_fields(r, n, &failures, to);
}

/* ---- events ---- */

static void add_event(struct reading *r, struct scenario_event x)
{
    struct scenario *s = r->scenario;
    if (s->event_count == r->capacity)
        s->events = arena_grow(r->file.arena, s->events, s->event_count, &r->capacity, sizeof *s->events);
    s->events[s->event_count++] = x;
}

/* The readers of what an event does have its time in `to`. */
static int64_t time_in(const void *to)
{
    return *(const int64_t *)to;
}

/* What lasts for a span. */
static const struct {
    slice key;
    enum happening begins, ends;
} lasting[] = {
    {SLICE("controllerDown"), HAPPENS_CONTROLLER_DOWN, HAPPENS_CONTROLLER_UP},
    {SLICE("pause"), HAPPENS_PAUSE, HAPPENS_RESUME},
    {SLICE("snapshotsFail"), HAPPENS_SNAPSHOTS_FAIL, HAPPENS_SNAPSHOTS_WORK},
    {SLICE("snapshotPodsDie"), HAPPENS_SNAPSHOTS_DIE, HAPPENS_SNAPSHOTS_LIVE},
    {SLICE("compactionsFail"), HAPPENS_COMPACTIONS_FAIL, HAPPENS_COMPACTIONS_WORK},
    {SLICE("logStalls"), HAPPENS_LOG_STALLS, HAPPENS_LOG_ADVANCES},
    {SLICE("logPaused"), HAPPENS_LOG_PAUSES, HAPPENS_LOG_RESUMES},
};

/* Adds two events: one at the beginning of the span, another at its end. */
static bool read_lasting(struct reading *r, const struct node *n, void *to)
{
    int64_t span = 0, at = time_in(to);
    size_t i = 0;
    while (!slice_eq(n->key, lasting[i].key))
        i++;
    if (!read_span(r, n, &span))
        return false;
    add_event(r, (struct scenario_event){.at = at, .kind = lasting[i].begins});
    add_event(r, (struct scenario_event){.at = at + span, .kind = lasting[i].ends});
    return true;
}

/* Nothing else of a schedule can be edited with an effect: its status is the controller's, its name is fixed. */
static bool read_edit(struct reading *r, const struct node *n, void *to)
{
    const struct node *spec = node_get(n, LIT("spec"));
    if (!spec || spec->kind != NODE_OBJECT || !node_first(spec))
        return settings_fault(
            &r->file, n->at, "edit: expected a merge patch of the schedule, such as {spec: {maxBackups: 7}}");
    for (const struct node *m = node_first(n); m; m = node_next(m))
        if (m != spec)
            return settings_fault(&r->file, m->key_at, "edit: unknown key %.*s: expected spec alone",
                                  FMT(m->key));
    add_event(r, (struct scenario_event){.at = time_in(to), .kind = HAPPENS_EDIT, .patch = n});
    return true;
}

static bool read_delete(struct reading *r, const struct node *n, void *to)
{
    if (n->kind != NODE_STRING || !n->text.n)
        return settings_fault(&r->file, n->at,
                              "delete: expected schedule, log, snapshot (the newest complete one) or the "
                              "name of a Backup");
    add_event(r, (struct scenario_event){.at = time_in(to), .kind = HAPPENS_DELETE, .name = n->text});
    return true;
}

static bool read_lost(struct reading *r, const struct node *n, void *to)
{
    if (n->kind != NODE_BOOL || !n->boolean)
        return settings_fault(&r->file, n->at, "logLost: expected true");
    add_event(r, (struct scenario_event){.at = time_in(to), .kind = HAPPENS_LOG_LOST});
    return true;
}

static bool read_takes(struct reading *r, const struct node *n, void *to)
{
    struct takes {
        int64_t snapshot, compaction;
    } t = {0};
    static const struct field list[] = {{SLICE("snapshot"), read_span, offsetof(struct takes, snapshot)},
                                        {SLICE("compaction"), read_span, offsetof(struct takes, compaction)}};
    static const struct fields takes = {SLICE("durations"), list, COUNT(list)};
    int64_t at = time_in(to);
    if (!read_fields(r, n, &takes, &t))
        return false;
    if (t.snapshot)
        add_event(r,
                  (struct scenario_event){.at = at, .kind = HAPPENS_SNAPSHOTS_TAKE, .seconds = t.snapshot});
    if (t.compaction)
        add_event(
            r, (struct scenario_event){.at = at, .kind = HAPPENS_COMPACTIONS_TAKE, .seconds = t.compaction});
    return true;
}

static bool read_time(struct reading *r, const struct node *n, void *to);

static const struct field event_fields[] = {
    {SLICE("at"), read_time, 0},
    {SLICE("controllerDown"), read_lasting, 0},
    {SLICE("pause"), read_lasting, 0},
    {SLICE("edit"), read_edit, 0},
    {SLICE("delete"), read_delete, 0},
    {SLICE("snapshotsFail"), read_lasting, 0},
    {SLICE("snapshotPodsDie"), read_lasting, 0},
    {SLICE("compactionsFail"), read_lasting, 0},
    {SLICE("logStalls"), read_lasting, 0},
    {SLICE("logPaused"), read_lasting, 0},
    {SLICE("logLost"), read_lost, 0},
    {SLICE("durations"), read_takes, 0},
};
static const struct fields events = {SLICE("events"), event_fields, COUNT(event_fields)};
/* What an event does: the same without `at`. */
static const struct fields actions = {SLICE("events"), event_fields + 1, COUNT(event_fields) - 1};

/* A moment, or a span after the beginning. */
static bool read_time(struct reading *r, const struct node *n, void *to)
{
    struct timestamp t;
    int64_t span, *ret = to;
    if (n->kind == NODE_STRING && span_parse(n->text, &span))
        *ret = r->from + span;
    else if (n->kind == NODE_STRING && timestamp_parse(n->text, &t, NULL) && t.kind == TIMESTAMP_ZONED)
        *ret = t.ms / 1000;
    else
        return settings_fault(&r->file, n->at,
                              "at: expected a span after the beginning, such as 10d, or a moment like "
                              "2026-01-02T15:04:05Z");
    struct buf b = buf_new(r->file.arena, 64);
    civil_put(&b, *ret < r->from ? r->from : r->until);
    if (*ret < r->from)
        return settings_fault(&r->file, n->at, "at: this is before the beginning, %.*s", FMT(buf_slice(&b)));
    return *ret < r->until ||
           settings_fault(&r->file, n->at,
                          "at: the play ends before that, at %.*s: play longer (--for), or choose an "
                          "earlier time",
                          FMT(buf_slice(&b)));
}

/* Keeps the order of the file when two events happen at once. */
static void sort_events(struct scenario *s)
{
    for (size_t i = 1; i < s->event_count; i++)
        for (size_t k = i; k > 0 && s->events[k - 1].at > s->events[k].at; k--) {
            struct scenario_event later = s->events[k - 1];
            s->events[k - 1] = s->events[k];
            s->events[k] = later;
        }
}

/* What lasts while it already lasts goes on until the later end: the beginnings and ends inside are left out. */
static void join_spans(struct scenario *s)
{
    for (size_t i = 0; i < COUNT(lasting); i++) {
        size_t open = 0, count = 0;
        for (size_t k = 0; k < s->event_count; k++) {
            const struct scenario_event x = s->events[k];
            bool begins = x.kind == lasting[i].begins, ends = x.kind == lasting[i].ends;
            bool inside = begins ? open++ > 0 : ends && --open > 0;
            if (!inside)
                s->events[count++] = x;
        }
        s->event_count = count;
    }
}

static bool read_event(struct reading *r, const struct node *event)
{
    enum { MOST_EVENTS = 1000 };
    int64_t at = 0;
    size_t actions_of = 0;
    if (r->scenario->event_count >= MOST_EVENTS)
        return settings_fault(&r->file, event->at, "events: at most %d can be played", MOST_EVENTS);
    if (event->kind != NODE_OBJECT)
        return settings_fault(&r->file, event->at, "expected an event, such as {at: 10d, pause: 6h}");
    const struct node *time = node_get(event, event_fields[0].key);
    if (!time)
        return settings_fault(&r->file, event->at, "expected `at`: when it happens, such as at: 10d");
    if (!read_time(r, time, &at))
        return false;
    for (const struct node *n = node_first(event); n; n = node_next(n))
        if (n != time && (actions_of++, !read_field(r, n, &actions, &at)))
            return false;
    return actions_of ||
           settings_fault(&r->file, event->at, "nothing happens here: expected %.*s, such as pause: 6h",
                          FMT(all_of(r->file.arena, &actions)));
}

static bool read_events(struct reading *r, const struct node *list, void *to)
{
    (void)to;
    if (list->kind != NODE_ARRAY || !node_first(list))
        return settings_fault(&r->file, list->at, "events: expected a list of {at: WHEN, WHAT: ...}");
    for (const struct node *event = node_first(list); event; event = node_next(event))
        if (!read_event(r, event))
            return false;
    sort_events(r->scenario);
    join_spans(r->scenario);
    return true;
}

/* ---- the file ---- */

static const struct field file_fields[] = {{SLICE("durations"), read_durations, 0},
                                           {SLICE("sizes"), read_sizes, 0},
                                           {SLICE("failures"), read_failures, 0},
                                           {SLICE("events"), read_events, 0}};
static const struct fields file = {SLICE(""), file_fields, COUNT(file_fields)};

bool scenario_read(struct arena *a, slice bytes, int64_t from, int64_t until, struct scenario *ret,
                   struct error *reterr)
{
    struct reading r = {.file = {a, bytes, reterr}, .scenario = ret, .from = from, .until = until};
    const struct stream *s = settings_read(&r.file);
    *ret = scenario_default();
    if (!s)
        return false;
    if (!s->first)
        return settings_fault(&r.file, 0, "the scenario is empty: expected %.*s", FMT(all_of(a, &file)));
    for (const struct document *d = s->first; d; d = d->next)
        if (!read_fields(&r, d->root, &file, ret))
            return false;
    return true;
}

struct scenario_key scenario_key(size_t number)
{
    static const struct fields *const all[] = {&durations, &sizes, &failures, &events};
    for (size_t i = 0; i < COUNT(all); i++) {
        if (number < all[i]->count)
            return (struct scenario_key){all[i]->in, all[i]->list[number].key};
        number -= all[i]->count;
    }
    return (struct scenario_key){0};
}
