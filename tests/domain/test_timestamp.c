/* Timestamps as the operator and BR take them: timestamp.tsv. */
#include "tsv.h"

#include "civil.h"
#include "timestamp.h"

static struct arena *arena;

static void check_row(const struct tsv_row *row)
{
    static const char *const kinds[] = {"tso", "zoned", "zoneless"};
    struct timestamp t;
    struct refusal why = {0};
    slice want = row->column[1];
    if (row->column[4].n)
        assert_row(row->label,
                   timestamp_br_takes(row->column[0], &why) == slice_eq(row->column[4], LIT("yes")));
    why = (struct refusal){0};
    if (!timestamp_parse(row->column[0], &t, &why)) {
        assert_row(row->label, want.p[0] == '!');
        if (slice_find(slice_of(why.why), slice_from(want, 1)) == SLICE_NONE)
            assert_slice(row->label, slice_of(why.why), slice_from(want, 1));
        assert_slice(row->label, slice_of(why.better), row->column[3]);
        if (why.better[0])
            assert_row(row->label, timestamp_parse(slice_of(why.better), &t, NULL));
        return;
    }
    char got[60];
    snprintf(got, sizeof got, "%s %llu", kinds[t.kind], (unsigned long long)t.tso);
    assert_slice(row->label, slice_of(got), want);
    struct buf b = buf_new(arena, 100);
    timestamp_put(&b, t.ms);
    assert_slice(row->label, buf_slice(&b), row->column[2]);
}

static void timestamps_are_read_as_the_operator_reads_them(void **state)
{
    (void)state;
    assert_true(tsv_each("tests/domain/timestamp.tsv", check_row) >= 48);
}

static int64_t new_year(void)
{
    return civil_unix((struct civil){2026, 1, 1, 0, 0, 0});
}

/* Reasons why a readable timestamp is not plausible in 2026. */
static struct refusal implausible(const char *text)
{
    struct timestamp t;
    struct refusal why = {0};
    assert_row(text, timestamp_parse(slice_of(text), &t, NULL));
    assert_row(text, !timestamp_plausible(slice_of(text), &t, new_year(), &why));
    return why;
}

static void implausible_times_are_found_out(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hint, *better;
    } rows[] = {
        {"1665386460", "this looks like Unix seconds: the TSO for 2022-10-10T07:21:00Z is 436571068170240000",
         "436571068170240000"},
        {"1665386460000",
         "this looks like milliseconds: the TSO for 2022-10-10T07:21:00Z is 436571068170240000",
         "436571068170240000"},
        {"1665386460000000",
         "this looks like microseconds: the TSO for 2022-10-10T07:21:00Z is 436571068170240000",
         "436571068170240000"},
        {"1665386460000000000",
         "this looks like nanoseconds: the TSO for 2022-10-10T07:21:00Z is 436571068170240000",
         "436571068170240000"},
        {"20221010152100",
         "this looks like a date in digits: the TSO for 2022-10-10T15:21:00Z is 436578617917440000",
         "436578617917440000"},
        {"18446744073709551615", "a TSO is milliseconds since 1970 times 262144", ""},
        {"0", "a TSO is milliseconds since 1970 times 262144", ""},
        {"1969-12-31 23:59:59", "", ""},
        {"0001-01-01 00:00:00", "", ""},
        {"9999-12-31 23:59:59", "", ""},
        {"2030-01-01T00:00:00Z", "", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct refusal why = implausible(rows[i].text);
        assert_slice(rows[i].text, slice_of(why.hint), slice_of(rows[i].hint));
        assert_slice(rows[i].text, slice_of(why.better), slice_of(rows[i].better));
    }
    static const char *const good[] = {"436571068170240000", "2015-01-01T00:00:00Z", "2026-01-02 00:00:00"};
    for (size_t i = 0; i < COUNT(good); i++) {
        struct timestamp t;
        assert_row(good[i], timestamp_parse(slice_of(good[i]), &t, NULL));
        assert_row(good[i], timestamp_plausible(slice_of(good[i]), &t, new_year(), NULL));
    }
}

static void future_and_past_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"1969-12-31 23:59:59", "this time is before TiDB existed"},
        {"0001-01-01 00:00:00", "this time is before TiDB existed"},
        {"2014-12-31T23:59:59Z", "this time is before TiDB existed"},
        {"2026-01-03T00:00:00Z", "this time is in the future"},
        {"9999-12-31 23:59:59", "this time is in the future"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct refusal why = implausible(rows[i].text);
        assert_slice(rows[i].text, slice_of(why.why), slice_of(rows[i].why));
    }
}

static void tso_and_time_are_one(void **state)
{
    (void)state;
    for (int64_t ms = 1420070400000; ms < 4102444800000; ms += 86399999) {
        assert_int_equal(timestamp_ms(timestamp_tso(ms)), ms);
        struct buf b = buf_new(arena, 100);
        timestamp_put(&b, ms);
        struct timestamp t;
        assert_row(b.p, timestamp_parse(buf_slice(&b), &t, NULL) && t.ms == ms && t.kind == TIMESTAMP_ZONED);
        arena_reset(arena);
    }
}

int main(void)
{
    arena = arena_new(1 << 24);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timestamps_are_read_as_the_operator_reads_them),
        cmocka_unit_test(implausible_times_are_found_out),
        cmocka_unit_test(future_and_past_are_told_apart),
        cmocka_unit_test(tso_and_time_are_one),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    return failed;
}
