/* Plays under random scenarios: the record is complete and consistent, the picture is well-formed, and memory may run out
 * anywhere. */
#include "check.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "play.h"
#include "timeline.h"
#include "verdict.h"

enum { FROM = 1767225600, SEEDS = 12, DAYS = 40, MOST_EVENTS = 12 };

static uint64_t dice;

static unsigned below(unsigned n)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (unsigned)(dice >> 33) % n;
}

static const char *const schedules[] = {
    "schedule: '0 */6 * * *', maxReservedTime: 72h, compactSpan: 3h",
    "schedule: '@every 5h', maxReservedTime: 24h, compactSpan: 2h",
    "schedule: '30 1 * * 1', maxReservedTime: 500h, compactSpan: 24h",
};

static const char templates[] = ", backupTemplate: {cleanPolicy: Delete, br: {cluster: c}, s3: {provider: "
                                "aws, region: eu-west-1, secretName: s, bucket: "
                                "backups, prefix: snap}}, logBackupTemplate: {backupMode: log, br: {cluster: "
                                "c}, s3: {provider: aws, region: "
                                "eu-west-1, secretName: s, bucket: backups, prefix: log}}, "
                                "compactBackupTemplate: {br: {cluster: c}, s3: {provider: aws, "
                                "region: eu-west-1, secretName: s, bucket: backups, prefix: log}}}}";

static const char *const happenings[] = {"controllerDown: 30h",
                                         "pause: 50h",
                                         "snapshotsFail: 20h",
                                         "snapshotPodsDie: 20h",
                                         "compactionsFail: 20h",
                                         "logStalls: 20h",
                                         "logPaused: 20h",
                                         "logPaused: 30h",
                                         "logLost: true",
                                         "delete: snapshot",
                                         "delete: log",
                                         "delete: schedule",
                                         "edit: {spec: {maxReservedTime: 24h}}",
                                         "edit: {spec: {schedule: '0 1 * * *'}}",
                                         "durations: {snapshot: 11h, compaction: 7h}",
                                         "durations: {snapshot: 20m, compaction: 5m}"};

struct trial {
    struct arena *arena;
    struct gate *gate;
    uint64_t fail_at; /* 0: memory does not run out */
    const struct played *played;
    slice picture, json;
};

static slice random_scenario(struct arena *a)
{
    struct buf b = buf_new(a, 1 << 16);
    unsigned count = below(MOST_EVENTS);
    buf_put(&b, LIT("events:\n"));
    for (unsigned i = 0; i < count; i++)
        buf_fmt(&b, "- {at: %uh, %s}\n", 1 + below(DAYS * 24), happenings[below(COUNT(happenings))]);
    return count ? buf_slice(&b) : (slice){0};
}

static void try_once(void *context)
{
    struct trial *t = context;
    struct arena *a = t->arena;
    struct scenario scenario = scenario_default();
    slice text = arena_fmt(a,
                           "{apiVersion: br.pingcap.com/v1alpha1, kind: BackupSchedule, metadata: {name: s, "
                           "namespace: prod}, spec: {%s%s",
                           schedules[below(COUNT(schedules))], templates);
    slice events = random_scenario(a);
    struct error why = {0};
    bool read = !events.n || scenario_read(a, events, FROM, &scenario, &why);
    assert_string_equal(why.text, "");
    assert_true(read);
    const struct stream_verdict *v = verdict_manifest(t->gate, a, text, FROM);
    assert_non_null(v);
    assert_int_equal(v->errors, 0);
    struct play_request r = {.schedule = v->first->object,
                             .schemas = schema_set_new(a, &builtin_schemas),
                             .scenario = &scenario,
                             .from = FROM,
                             .until = FROM + DAYS * SPAN_DAY};
    if (t->fail_at)
        arena_fail_at(a, t->fail_at);
    t->played = play(a, &r);
    arena_fail_at(a, 0);
    if (!t->played)
        return;
    struct buf picture = buf_new(a, 16 << 20), json = buf_new(a, 16 << 20);
    timeline_put_svg(&picture, t->played);
    timeline_put_json(&json, t->played);
    t->picture = buf_slice(&picture);
    t->json = buf_slice(&json);
}

static void check_record(const struct played *p)
{
    const struct played_verdict *v = &p->verdict;
    size_t missed = 0;
    for (size_t i = 0; i < MISS_KINDS; i++)
        missed += v->missed[i];
    assert_int_equal(v->due, v->made + missed);
    assert_int_equal(v->missed[MISSED_OTHER], 0);
    assert_int_equal(p->spans[0].from, p->from);
    assert_int_equal(p->spans[p->span_count - 1].to, p->until);
    for (size_t i = 0; i + 1 < p->span_count; i++)
        assert_int_equal(p->spans[i].to, p->spans[i + 1].from);
    for (size_t i = 0; i + 1 < p->event_count; i++)
        assert_true(p->events[i].at <= p->events[i + 1].at);
    for (size_t i = 0; i < p->span_count; i++)
        assert_true(p->spans[i].oldest <= p->spans[i].newest && p->spans[i].newest <= p->spans[i].to);
    /* Retention alone never breaks what it promises. */
    if (v->broken && !v->broken_by_hand)
        fail_msg("the window is broken at %lld", (long long)v->broken_at);
}

/* Every tag is closed, in order; no text holds a bare < or &. */
static void check_svg(slice s)
{
    slice open[32];
    size_t depth = 0;
    assert_true(slice_starts(s, LIT("<svg ")));
    for (size_t at; (at = slice_find_char(s, '<')) != SLICE_NONE;) {
        s = slice_from(s, at + 1);
        size_t end = slice_find_char(s, '>');
        assert_true(end != SLICE_NONE);
        slice tag = slice_cut(s, 0, end);
        s = slice_from(s, end + 1);
        if (tag.p[0] == '/') {
            assert_true(depth > 0 && slice_eq(open[depth - 1], slice_from(tag, 1)));
            depth--;
        } else if (tag.p[tag.n - 1] != '/') {
            assert_true(depth < COUNT(open));
            open[depth++] = slice_cut(tag, 0, slice_find_char(tag, ' '));
        }
    }
    assert_int_equal(depth, 0);
}

static void check_json(struct arena *a, slice text)
{
    struct findings f = findings_new(a);
    assert_non_null(json_read(a, text, &f));
    assert_null(f.first);
}

static void any_scenario_is_recorded_whole(void **state)
{
    (void)state;
    struct gate *gate = gate_open(&(struct policy){0}, &builtin_schemas);
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        struct trial t = {.arena = arena_new(LIMIT_ARENA_BYTES), .gate = gate};
        dice = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
        try_once(&t);
        assert_non_null(t.played);
        check_record(t.played);
        check_svg(t.picture);
        check_json(t.arena, t.json);
        arena_free(t.arena);
    }
    gate_close(gate);
}

static void memory_may_end_anywhere(void **state)
{
    (void)state;
    struct gate *gate = gate_open(&(struct policy){0}, &builtin_schemas);
    bool lasted = false;
    for (uint64_t nth = 1; !lasted; nth = nth * 3 / 2 + 1) {
        struct trial t = {.arena = arena_new(LIMIT_ARENA_BYTES), .gate = gate, .fail_at = nth};
        dice = UINT64_C(0x9e3779b97f4a7c15);
        try_once(&t);
        lasted = t.played != NULL;
        assert_true(nth > 10 || !lasted);
        arena_free(t.arena);
    }
    gate_close(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_scenario_is_recorded_whole),
                                       cmocka_unit_test(memory_may_end_anywhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
