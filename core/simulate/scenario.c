#include "scenario.h"

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
    int64_t from;
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
    return true;
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

static bool unknown_key(struct reading *r, const struct node *n, const slice *names, size_t count)
{
    struct error why;
    suggest_unknown_of(&why, "key", n->key, names, count);
    return settings_fault(&r->file, n->key_at, "%s", why.text);
}

/* Reads a mapping whose keys are those of `fields`, into `base`. */
static bool read_fields(struct reading *r, const struct node *map, const struct field *fields, size_t count,
                        void *base)
{
    if (map->kind != NODE_OBJECT)
        return settings_fault(&r->file, map->at, "expected a mapping, such as %.*s: ...", FMT(fields[0].key));
    for (const struct node *n = node_first(map); n; n = node_next(n)) {
        size_t i = 0;
        while (i < count && !slice_eq(n->key, fields[i].key))
            i++;
        if (i == count) {
            slice *names = ARENA_ARRAY(r->file.arena, slice, count);
            for (size_t k = 0; k < count; k++)
                names[k] = fields[k].key;
            return unknown_key(r, n, names, count);
        }
        if (!fields[i].read(r, n, (char *)base + fields[i].at))
            return false;
    }
    return true;
}

#define FIELD(name, read, member)                                                                            \
    {                                                                                                        \
        SLICE(name), read, offsetof(struct scenario, member)                                                 \
    }

static bool read_durations(struct reading *r, const struct node *n, void *to)
{
    static const struct field fields[] = {
        FIELD("snapshot", read_span, snapshot_takes), FIELD("compaction", read_span, compaction_takes),
        FIELD("clean", read_span, clean_takes), FIELD("logCommand", read_span, log_command_takes),
        FIELD("logLag", read_span, log_lag)};
    return read_fields(r, n, fields, COUNT(fields), to);
}

static bool read_sizes(struct reading *r, const struct node *n, void *to)
{
    static const struct field fields[] = {
        FIELD("snapshot", read_size, snapshot_bytes), FIELD("growthPerDay", read_size, growth_per_day),
        FIELD("logPerHour", read_size, log_per_hour), FIELD("compacted", read_share, compacted_share)};
    return read_fields(r, n, fields, COUNT(fields), to);
}

static bool read_failures(struct reading *r, const struct node *n, void *to)
{
    static const struct field fields[] = {FIELD("snapshotEvery", read_every, snapshot_fails_every),
                                          FIELD("compactionEvery", read_every, compaction_fails_every)};
    return read_fields(r, n, fields, COUNT(fields), to);
}

/* ---- events ---- */

static void add_event(struct reading *r, struct scenario_event x)
{
    struct scenario *s = r->scenario;
    if (s->event_count == r->capacity)
        s->events = arena_grow(r->file.arena, s->events, s->event_count, &r->capacity, sizeof *s->events);
    s->events[s->event_count++] = x;
}

/* Adds two events: one at the beginning of a span, another at its end. */
static bool read_lasting(struct reading *r, const struct node *n, int64_t at, enum happening begins,
                         enum happening ends)
{
    int64_t span = 0;
    if (!read_span(r, n, &span))
        return false;
    add_event(r, (struct scenario_event){.at = at, .kind = begins});
    add_event(r, (struct scenario_event){.at = at + span, .kind = ends});
    return true;
}

static bool read_edit(struct reading *r, const struct node *n, int64_t at)
{
    const struct node *spec = node_get(n, LIT("spec"));
    if (!spec || spec->kind != NODE_OBJECT)
        return settings_fault(
            &r->file, n->at, "edit: expected a merge patch of the schedule, such as {spec: {maxBackups: 7}}");
    add_event(r, (struct scenario_event){.at = at, .kind = HAPPENS_EDIT, .patch = n});
    return true;
}

static bool read_delete(struct reading *r, const struct node *n, int64_t at)
{
    if (n->kind != NODE_STRING || !n->text.n)
        return settings_fault(&r->file, n->at,
                              "delete: expected schedule, log, snapshot (the newest complete one) or the "
                              "name of a Backup");
    add_event(r, (struct scenario_event){.at = at, .kind = HAPPENS_DELETE, .name = n->text});
    return true;
}

static bool read_lost(struct reading *r, const struct node *n, int64_t at)
{
    if (n->kind != NODE_BOOL || !n->boolean)
        return settings_fault(&r->file, n->at, "logLost: expected true");
    add_event(r, (struct scenario_event){.at = at, .kind = HAPPENS_LOG_LOST});
    return true;
}

struct takes {
    int64_t snapshot, compaction;
};

static bool read_takes(struct reading *r, const struct node *n, int64_t at)
{
    static const struct field fields[] = {
        {SLICE("snapshot"), read_span, offsetof(struct takes, snapshot)},
        {SLICE("compaction"), read_span, offsetof(struct takes, compaction)}};
    struct takes t = {0};
    if (!read_fields(r, n, fields, COUNT(fields), &t))
        return false;
    if (t.snapshot)
        add_event(r,
                  (struct scenario_event){.at = at, .kind = HAPPENS_SNAPSHOTS_TAKE, .seconds = t.snapshot});
    if (t.compaction)
        add_event(
            r, (struct scenario_event){.at = at, .kind = HAPPENS_COMPACTIONS_TAKE, .seconds = t.compaction});
    return true;
}

static const struct {
    slice key;
    enum happening begins, ends;
    bool (*read)(struct reading *r, const struct node *n, int64_t at); /* NULL: it lasts for a span */
} event_keys[] = {
    {SLICE("controllerDown"), HAPPENS_CONTROLLER_DOWN, HAPPENS_CONTROLLER_UP, NULL},
    {SLICE("pause"), HAPPENS_PAUSE, HAPPENS_RESUME, NULL},
    {SLICE("snapshotsFail"), HAPPENS_SNAPSHOTS_FAIL, HAPPENS_SNAPSHOTS_WORK, NULL},
    {SLICE("snapshotPodsDie"), HAPPENS_SNAPSHOTS_DIE, HAPPENS_SNAPSHOTS_LIVE, NULL},
    {SLICE("compactionsFail"), HAPPENS_COMPACTIONS_FAIL, HAPPENS_COMPACTIONS_WORK, NULL},
    {SLICE("logStalls"), HAPPENS_LOG_STALLS, HAPPENS_LOG_ADVANCES, NULL},
    {SLICE("logPaused"), HAPPENS_LOG_PAUSES, HAPPENS_LOG_RESUMES, NULL},
    {SLICE("logLost"), HAPPENS_LOG_LOST, HAPPENS_LOG_LOST, read_lost},
    {SLICE("edit"), HAPPENS_EDIT, HAPPENS_EDIT, read_edit},
    {SLICE("delete"), HAPPENS_DELETE, HAPPENS_DELETE, read_delete},
    {SLICE("durations"), HAPPENS_SNAPSHOTS_TAKE, HAPPENS_COMPACTIONS_TAKE, read_takes},
};

static bool read_happening(struct reading *r, const struct node *n, int64_t at)
{
    slice names[COUNT(event_keys)];
    for (size_t i = 0; i < COUNT(event_keys); i++) {
        names[i] = event_keys[i].key;
        if (!slice_eq(n->key, names[i]))
            continue;
        return event_keys[i].read ? event_keys[i].read(r, n, at)
                                  : read_lasting(r, n, at, event_keys[i].begins, event_keys[i].ends);
    }
    return unknown_key(r, n, names, COUNT(names));
}

/* A moment, or a span after the beginning. */
static bool read_at(struct reading *r, const struct node *event, int64_t *ret)
{
    const struct node *n = node_get(event, LIT("at"));
    struct timestamp t;
    int64_t span;
    if (!n)
        return settings_fault(&r->file, event->at, "expected `at`: when it happens, such as at: 10d");
    if (n->kind == NODE_STRING && span_parse(n->text, &span)) {
        *ret = r->from + span;
        return true;
    }
    if (n->kind != NODE_STRING || !timestamp_parse(n->text, &t, NULL) || t.kind != TIMESTAMP_ZONED)
        return settings_fault(&r->file, n->at,
                              "at: expected a span after the beginning, such as 10d, or a moment like "
                              "2026-01-02T15:04:05Z");
    *ret = t.ms / 1000;
    return *ret >= r->from || settings_fault(&r->file, n->at, "at: this is before the beginning");
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

static bool read_events(struct reading *r, const struct node *list, void *to)
{
    (void)to;
    if (list->kind != NODE_ARRAY)
        return settings_fault(&r->file, list->at, "events: expected a list of {at: WHEN, WHAT: ...}");
    for (const struct node *event = node_first(list); event; event = node_next(event)) {
        int64_t at = 0;
        enum { MOST_EVENTS = 1000 };
        if (r->scenario->event_count >= MOST_EVENTS)
            return settings_fault(&r->file, event->at, "events: at most %d can be played", MOST_EVENTS);
        if (event->kind != NODE_OBJECT)
            return settings_fault(&r->file, event->at, "expected an event, such as {at: 10d, pause: 6h}");
        if (!read_at(r, event, &at))
            return false;
        for (const struct node *n = node_first(event); n; n = node_next(n))
            if (!slice_eq(n->key, LIT("at")) && !read_happening(r, n, at))
                return false;
    }
    sort_events(r->scenario);
    return true;
}

bool scenario_read(struct arena *a, slice bytes, int64_t from, struct scenario *ret, struct error *reterr)
{
    static const struct field fields[] = {{SLICE("durations"), read_durations, 0},
                                          {SLICE("sizes"), read_sizes, 0},
                                          {SLICE("failures"), read_failures, 0},
                                          {SLICE("events"), read_events, 0}};
    struct reading r = {.file = {a, bytes, reterr}, .scenario = ret, .from = from};
    const struct stream *s = settings_read(&r.file);
    *ret = scenario_default();
    if (!s)
        return false;
    for (const struct document *d = s->first; d; d = d->next)
        if (!read_fields(&r, d->root, fields, COUNT(fields), ret))
            return false;
    return true;
}
