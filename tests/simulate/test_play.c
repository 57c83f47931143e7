/* Plays under random scenarios: the record is complete and consistent, the picture is well-formed, and memory may run out
 * anywhere. */
#include "trial.h"

enum { SEEDS = 24, DAYS = 40, MOST_EVENTS = 12 };

static uint64_t dice;

static unsigned below(unsigned n)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (unsigned)(dice >> 33) % n;
}

static const char *const schedules[] = {
    "schedule: '0 */6 * * *', maxReservedTime: 72h",
    "schedule: '@every 7h', maxReservedTime: 24h",
    "schedule: '30 1 * * 1', maxReservedTime: 500h",
    "schedule: '30 1 * * *', maxReservedTime: 72h, pause: true",
};

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
                                         "edit: {spec: {schedule: '0 25 * * *'}}",
                                         "edit: {spec: {maxReservedTime: 7d}}",
                                         "edit: {spec: {maxReservedTime: null}}",
                                         "edit: {spec: {pause: false}}",
                                         "durations: {snapshot: 11h, compaction: 7h}",
                                         "durations: {snapshot: 20m, compaction: 5m}"};

static slice random_scenario(struct arena *a, unsigned hours)
{
    struct buf b = buf_new(a, 1 << 16);
    unsigned count = below(MOST_EVENTS);
    buf_put(&b, LIT("events:\n"));
    for (unsigned i = 0; i < count; i++)
        buf_fmt(&b, "- {at: %uh, %s}\n", 1 + below(hours - 1), happenings[below(COUNT(happenings))]);
    return count ? buf_slice(&b) : (slice){0};
}

/* Sometimes a play of a few hours, in which hardly anything is due. */
static void try_once(struct trial *t)
{
    unsigned hours = below(4) ? DAYS * 24 : 2 + below(30);
    const char *spec = schedules[below(COUNT(schedules))];
    bool log = below(4) > 0;
    trial_play(t, spec, log, random_scenario(t->arena, hours), hours * INT64_C(3600));
}

static void check_record(const struct played *p)
{
    const struct played_verdict *v = &p->verdict;
    size_t missed = 0;
    for (size_t i = 0; i < MISS_KINDS; i++)
        missed += v->missed[i];
    assert_int_equal(v->due, v->made + missed + v->waiting);
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
    if (v->broken.seconds && !v->broken_by_hand)
        fail_msg("the window is broken at %lld", (long long)v->broken.at);
}

/* What is wrong has a reason, and no row is about a moment that never was. */
static void check_account(struct arena *a, const struct played *p)
{
    struct account s = account_of(a, p);
    bool wrong = false;
    for (size_t i = 0; i < s.count; i++) {
        const struct account_row *row = &s.rows[i];
        const char *text = arena_cstr(a, row->text);
        wrong = wrong || row->mark == MARK_WRONG;
        if (!row->text.n || strstr(text, "1970") || (row->mark == MARK_WRONG && !strchr(text, ':')))
            fail_msg("%s: %s", row->label, text);
    }
    assert_int_equal(s.wrong, wrong);
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
    struct trial t = trial_open();
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        arena_reset(t.arena);
        dice = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
        try_once(&t);
        assert_non_null(t.played);
        struct buf picture = buf_new(t.arena, 16 << 20), json = buf_new(t.arena, 16 << 20);
        timeline_put_svg(&picture, t.played);
        timeline_put_json(&json, t.played);
        check_record(t.played);
        check_account(t.arena, t.played);
        check_svg(buf_slice(&picture));
        check_json(t.arena, buf_slice(&json));
    }
    trial_close(&t);
}

static void memory_may_end_anywhere(void **state)
{
    (void)state;
    struct trial t = trial_open();
    bool lasted = false;
    for (uint64_t nth = 1; !lasted; nth = nth * 3 / 2 + 1) {
        arena_reset(t.arena);
        t.fail_at = nth;
        dice = UINT64_C(0x9e3779b97f4a7c15);
        try_once(&t);
        lasted = t.played != NULL;
        assert_true(nth > 10 || !lasted);
    }
    trial_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_scenario_is_recorded_whole),
                                       cmocka_unit_test(memory_may_end_anywhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
