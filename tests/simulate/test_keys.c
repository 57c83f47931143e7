/* Every key of a scenario: it is documented, and changes a play. */
#include "trial.h"

#include <stdio.h>
#include <stdlib.h>

static slice read_file(struct arena *a, const char *path)
{
    enum { MOST = 1 << 17 };
    char *bytes = arena_alloc(a, MOST, 1);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, MOST - 1, f);
    fclose(f);
    return (slice){bytes, n};
}

static void the_documents_name_every_key(void **state)
{
    (void)state;
    struct trial t = trial_open();
    const char *document = arena_cstr(t.arena, read_file(t.arena, "docs/SIMULATE.md"));
    const char *help = arena_cstr(t.arena, read_file(t.arena, "tests/cli/simulate/session.txt"));
    for (size_t i = 0; scenario_key(i).key.n; i++) {
        struct scenario_key k = scenario_key(i);
        bool event = slice_eq(k.in, LIT("events"));
        slice row = event ? arena_fmt(t.arena, "\n| `%.*s` |", FMT(k.key))
                          : arena_fmt(t.arena, "\n| `%.*s.%.*s` |", FMT(k.in), FMT(k.key));
        if (!strstr(document, arena_cstr(t.arena, row)))
            fail_msg("docs/SIMULATE.md has no row for %.*s.%.*s", FMT(k.in), FMT(k.key));
        const char *names[] = {arena_cstr(t.arena, arena_fmt(t.arena, "%.*s:", FMT(k.key))),
                               arena_cstr(t.arena, arena_fmt(t.arena, " %.*s,", FMT(k.key)))};
        if (!strstr(help, names[0]) && !strstr(help, names[1]))
            fail_msg("simulate --help does not name %.*s.%.*s", FMT(k.in), FMT(k.key));
    }
    trial_close(&t);
}

static bool is_key(slice name)
{
    struct scenario_key k;
    for (size_t i = 0; (k = scenario_key(i)).key.n; i++) {
        bool event = slice_eq(k.in, LIT("events"));
        size_t dot = slice_find_char(name, '.');
        if (event ? slice_eq(name, k.key)
                  : dot != SLICE_NONE && slice_eq(slice_cut(name, 0, dot), k.in) &&
                        slice_eq(slice_from(name, dot + 1), k.key))
            return true;
    }
    return false;
}

/* The rows of the tables below "## Scenarios", in which each begins with a key. */
static void the_documents_name_nothing_else(void **state)
{
    (void)state;
    struct trial t = trial_open();
    const char *p = strstr(arena_cstr(t.arena, read_file(t.arena, "docs/SIMULATE.md")), "\n## Scenarios");
    assert_non_null(p);
    const char *end = strstr(p + 1, "\n## ");
    size_t rows = 0;
    for (p = strstr(p, "\n| `"); p && p < end; p = strstr(p + 1, "\n| `")) {
        slice name = {p + 4, strcspn(p + 4, "`")};
        if (!is_key(name))
            fail_msg("docs/SIMULATE.md has a row for %.*s", FMT(name));
        rows++;
    }
    assert_true(rows > 0);
    trial_close(&t);
}

static const struct {
    const char *in, *key, *scenario;
} examples[] = {
    {"durations", "snapshot", "durations: {snapshot: 2h}"},
    {"durations", "compaction", "durations: {compaction: 1h}"},
    {"durations", "clean", "durations: {clean: 5h}"},
    {"durations", "logCommand", "durations: {logCommand: 1h}"},
    {"durations", "logLag", "durations: {logLag: 1h}"},
    {"sizes", "snapshot", "sizes: {snapshot: 1Ti}"},
    {"sizes", "growthPerDay", "sizes: {growthPerDay: 5Gi}"},
    {"sizes", "logPerHour", "sizes: {logPerHour: 5Gi}"},
    {"sizes", "compacted", "sizes: {compacted: 90%}"},
    {"failures", "snapshotEvery", "failures: {snapshotEvery: 3}"},
    {"failures", "compactionEvery", "failures: {compactionEvery: 3}"},
    {"events", "at", "events: [{at: 2026-01-03T00:00:00Z, pause: 1d}]"},
    {"events", "controllerDown", "events: [{at: 2d, controllerDown: 1d}]"},
    {"events", "pause", "events: [{at: 2d, pause: 1d}]"},
    {"events", "edit", "events: [{at: 2d, edit: {spec: {maxReservedTime: 24h}}}]"},
    {"events", "delete", "events: [{at: 2d, delete: snapshot}]"},
    {"events", "snapshotsFail", "events: [{at: 2d, snapshotsFail: 1d}]"},
    {"events", "snapshotPodsDie", "events: [{at: 2d, snapshotPodsDie: 1d}]"},
    {"events", "compactionsFail", "events: [{at: 2d, compactionsFail: 1d}]"},
    {"events", "logStalls", "events: [{at: 2d, logStalls: 1d}]"},
    {"events", "logPaused", "events: [{at: 2d, logPaused: 1d}]"},
    {"events", "logLost", "events: [{at: 2d, logLost: true}]"},
    {"events", "durations", "events: [{at: 2d, durations: {snapshot: 5h, compaction: 1h}}]"},
};

static const char *example_of(struct scenario_key k)
{
    for (size_t i = 0; i < COUNT(examples); i++)
        if (slice_eq(k.in, slice_of(examples[i].in)) && slice_eq(k.key, slice_of(examples[i].key)))
            return examples[i].scenario;
    fail_msg("there is no example of %.*s.%.*s", FMT(k.in), FMT(k.key));
    return "";
}

/* Everything that is recorded, without what is assumed. */
static const char *record_of(struct trial *t, const char *scenario)
{
    struct buf b = buf_new(t->arena, 16 << 20);
    trial_play(t, "schedule: '0 2 * * *', maxReservedTime: 48h", true, slice_of(scenario), 8 * SPAN_DAY);
    timeline_put_json(&b, t->played);
    return strstr(arena_cstr(t->arena, buf_slice(&b)), "\"verdict\":");
}

static void every_key_changes_the_play(void **state)
{
    (void)state;
    struct trial t = trial_open();
    const char *plain = record_of(&t, "");
    for (size_t i = 0; scenario_key(i).key.n; i++)
        if (strcmp(plain, record_of(&t, example_of(scenario_key(i)))) == 0)
            fail_msg("%s changes nothing", example_of(scenario_key(i)));
    trial_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_documents_name_every_key),
                                       cmocka_unit_test(the_documents_name_nothing_else),
                                       cmocka_unit_test(every_key_changes_the_play)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
