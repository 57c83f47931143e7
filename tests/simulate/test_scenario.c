/* Spans of time and scenario files: the values read, and the messages about faults. */
#include "check.h"

#include "brgate_limits.h"
#include "scenario.h"

static void spans_are_read_and_nothing_else_is(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* 0: refused */
    } rows[] = {{"1y", SPAN_YEAR},  {"2w3d", 17 * SPAN_DAY},
                {"36h", 36 * 3600}, {"1h30m", 5400},
                {"10s", 10},        {"", 0},
                {"3", 0},           {"h", 0},
                {"1h1h", 0},        {"1m1h", 0},
                {"0d", 0},          {"-1d", 0},
                {"1.5h", 0},        {"101y", 0},
                {"1d ", 0},         {"99999999999999999999y", 0}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t seconds = 0;
        bool ok = span_parse(slice_of(rows[i].text), &seconds);
        if (ok != (rows[i].seconds > 0) || (ok && seconds != rows[i].seconds))
            fail_msg("%s: %lld", rows[i].text, (long long)seconds);
    }
}

struct reading {
    struct arena *arena;
    slice text;
    struct scenario scenario;
    struct error why;
    bool ok;
};

static void read(void *context)
{
    struct reading *r = context;
    r->ok = scenario_read(r->arena, r->text, 1000000, 1000000 + SPAN_YEAR, &r->scenario, &r->why);
}

static struct reading read_text(struct arena *a, const char *text)
{
    struct reading r = {.arena = a, .text = slice_of(text)};
    arena_reset(a);
    assert_true(arena_run(a, read, &r));
    return r;
}

static void faults_are_told_with_their_place(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"durations: {snapshot: 5}", "1:23: snapshot: expected a span of time such as 45m, 6h or 3d"},
        {"sizes: {compacted: 3}", "1:20: compacted: expected a share such as 30%"},
        {"failures: {snapshotEvery: 0}",
         "1:27: snapshotEvery: expected a number of at least 1: each nth Job fails"},
        {"sizes: 3", "1:8: expected a mapping, such as snapshot: ..."},
        {"size: {}", "1:1: unknown key size; did you mean sizes?"},
        {"events: {}", "1:9: events: expected a list of {at: WHEN, WHAT: ...}"},
        {"events: [{at: 1d, logLost: no}]", "1:28: logLost: expected true"},
        {"events: [{at: 1d, edit: {maxBackups: 3}}]",
         "1:25: edit: expected a merge patch of the schedule, such as {spec: {maxBackups: 7}}"},
        {"events: [{at: 1d, edit: {spec: {}}}]",
         "1:25: edit: expected a merge patch of the schedule, such as {spec: {maxBackups: 7}}"},
        {"events: [{at: 1d, edit: {spec: {maxBackups: 7}, metadata: {name: x}}}]",
         "1:49: edit: unknown key metadata: expected spec alone"},
        {"events: [{at: 1970-01-02T00:00:00Z, pause: 1d}]",
         "1:15: at: this is before the beginning, 1970-01-12T13:46:40Z"},
        {"events: [{at: 366d, pause: 1d}]", "1:15: at: the play ends before that, at 1971-01-12T13:46:40Z: "
                                            "play longer (--for), or choose an earlier "
                                            "time"},
        {"events: [{at: 5d}]",
         "1:10: nothing happens here: expected controllerDown, pause, edit, delete, snapshotsFail, "
         "snapshotPodsDie, "
         "compactionsFail, logStalls, logPaused, logLost or durations, such as pause: 6h"},
        {"events: [{at: 5d, durations: {}}]", "1:30: this says nothing: expected snapshot or compaction"},
        {"events: []", "1:9: events: expected a list of {at: WHEN, WHAT: ...}"},
        {"sizes: {}", "1:8: this says nothing: expected snapshot, growthPerDay, logPerHour or compacted"},
        {"sizes: {compacted: 300%}",
         "1:20: compacted: expected at most 100%: a compaction writes no more than it reads"},
        {"{}", "1:1: this says nothing: expected durations, sizes, failures or events"},
        {"# nothing", "1:1: the scenario is empty: expected durations, sizes, failures or events"},
        {"events: [{at: soon, pause: 1d}]",
         "1:15: at: expected a span after the beginning, such as 10d, or a moment like 2026-01-02T15:04:05Z"},
        {"a: b: c", "1:5: mapping values are not allowed in this context"},
    };
    (void)state;
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reading r = read_text(a, rows[i].text);
        assert_false(r.ok);
        if (i + 1 < COUNT(rows))
            assert_string_equal(r.why.text, rows[i].why);
    }
    arena_free(a);
}

static void events_come_by_time_and_lasting_ones_twice(void **state)
{
    (void)state;
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    struct reading r = read_text(a, "events: [{at: 2d, pause: 1d}, {at: 1d, controllerDown: 3d}]");
    static const enum happening kinds[] = {HAPPENS_CONTROLLER_DOWN, HAPPENS_PAUSE, HAPPENS_RESUME,
                                           HAPPENS_CONTROLLER_UP};
    assert_true(r.ok);
    assert_int_equal(r.scenario.event_count, COUNT(kinds));
    for (size_t i = 0; i < COUNT(kinds); i++)
        assert_int_equal(r.scenario.events[i].kind, kinds[i]);
    assert_int_equal(r.scenario.events[3].at, 1000000 + 4 * SPAN_DAY);
    arena_free(a);
}

static void spans_that_overlap_are_one(void **state)
{
    (void)state;
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    struct reading r = read_text(
        a, "events: [{at: 1d, pause: 5d}, {at: 2d, pause: 1d}, {at: 5d, pause: 3d}, {at: 8d, pause: 1d}]");
    static const int64_t days[] = {1, 8, 8, 9};
    assert_true(r.ok);
    assert_int_equal(r.scenario.event_count, COUNT(days));
    for (size_t i = 0; i < COUNT(days); i++) {
        assert_int_equal(r.scenario.events[i].at, 1000000 + days[i] * SPAN_DAY);
        assert_int_equal(r.scenario.events[i].kind, i % 2 ? HAPPENS_RESUME : HAPPENS_PAUSE);
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(spans_are_read_and_nothing_else_is),
                                       cmocka_unit_test(faults_are_told_with_their_place),
                                       cmocka_unit_test(events_come_by_time_and_lasting_ones_twice),
                                       cmocka_unit_test(spans_that_overlap_are_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
