/* Schedules against robfig/cron v1.2.0: cron.tsv, cron_next.tsv and cron_rhythm.tsv. */
#include "tsv.h"

#include "civil.h"
#include "cron.h"

static struct arena *arena;

static void check_parse(const struct tsv_row *row)
{
    struct cron c;
    struct refusal why = {0};
    bool ok = cron_parse(row->column[0], &c, &why);
    assert_slice(row->label, ok ? LIT("ok") : LIT("refused"),
                 slice_eq(row->column[1], LIT("ok")) ? LIT("ok") : LIT("refused"));
    if (ok)
        return;
    slice want = slice_from(row->column[1], 1);
    if (slice_find(slice_of(why.why), want) == SLICE_NONE)
        assert_slice(row->label, slice_of(why.why), want);
    assert_slice(row->label, slice_of(why.better), row->column[2]);
    assert_slice(row->label, slice_of(why.hint), row->column[4]);
    char place[32];
    snprintf(place, sizeof place, "%u:%u", why.at, why.n);
    assert_slice(row->label, slice_of(place), row->column[3]);
}

static void expressions_are_read_as_the_library_reads_them(void **state)
{
    (void)state;
    assert_true(tsv_each("tests/domain/cron.tsv", check_parse) >= 99);
}

static void check_next(const struct tsv_row *row)
{
    struct cron c;
    int64_t at = civil_unix((struct civil){2024, 1, 15, 10, 20, 30});
    assert_row(row->label, cron_parse(row->column[0], &c, NULL));
    for (size_t i = 1; i <= 3; i++) {
        struct buf b = buf_new(arena, 100);
        assert_row(row->label, cron_next(&c, at, &at));
        civil_put(&b, at);
        assert_slice(row->label, buf_slice(&b), row->column[i]);
    }
}

static void fire_times_are_the_library_s(void **state)
{
    (void)state;
    assert_true(tsv_each("tests/domain/cron_next.tsv", check_next) >= 26);
}

static void the_search_ends_with_the_fifth_year(void **state)
{
    (void)state;
    struct cron c;
    int64_t at;
    assert_true(cron_parse(LIT("0 0 29 2 *"), &c, NULL));
    assert_true(cron_next(&c, civil_unix((struct civil){2099, 1, 1, 0, 0, 0}), &at)); /* 2104 is within */
    assert_int_equal(civil_of(at).year, 2104);
    assert_false(cron_next(&c, civil_unix((struct civil){2096, 2, 29, 0, 0, 0}), &at));
    assert_true(cron_next(&c, civil_unix((struct civil){2098, 12, 31, 23, 59, 59}), &at));
    assert_false(cron_next(&c, civil_unix((struct civil){2098, 12, 31, 23, 59, 58}), &at));
}

static void check_rhythm(const struct tsv_row *row)
{
    struct cron c;
    assert_row(row->label, cron_parse(row->column[0], &c, NULL));
    struct cron_rhythm r = cron_rhythm(&c);
    char got[200];
    if (!r.fires)
        snprintf(got, sizeof got, "-");
    else
        snprintf(got, sizeof got, "%lld %lld %.6f %u", (long long)r.shortest_gap, (long long)r.longest_gap,
                 r.per_day, r.most_per_day);
    char want[200];
    if (slice_eq(row->column[1], LIT("-")))
        snprintf(want, sizeof want, "-");
    else
        snprintf(want, sizeof want, "%.*s %.*s %.6f %.*s", FMT(row->column[1]), FMT(row->column[2]),
                 strtod(row->column[3].p, NULL), FMT(row->column[4]));
    assert_slice(row->label, slice_of(got), slice_of(want));
}

static void rhythms_are_exact(void **state)
{
    (void)state;
    assert_true(tsv_each("tests/domain/cron_rhythm.tsv", check_rhythm) >= 20);
}

static uint64_t random_state = 88172645463325252;

static uint64_t draw(void)
{
    uint64_t x = random_state;
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return random_state = x;
}

static bool day_matches(const struct cron *c, int64_t day)
{
    struct civil d = civil_of(day * CIVIL_DAY);
    bool by_day = c->days >> d.day & 1, by_weekday = c->weekdays >> civil_weekday(day) & 1;
    bool both = c->day_star || c->weekday_star;
    return (c->months >> d.month & 1) && (both ? by_day && by_weekday : by_day || by_weekday);
}

/* The gaps of the whole cycle, counted day by day. */
static void random_rhythms_agree_with_counting(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        struct cron c = {.minutes = UINT64_C(1) << (draw() % 60),
                         .hours = 1U << (draw() % 24),
                         .days = (uint32_t)(draw() & draw() & 0xfffffffe),
                         .months = (uint32_t)(draw() & 0x1ffe),
                         .weekdays = (uint8_t)(draw() & 0x7f),
                         .day_star = draw() % 3 == 0,
                         .weekday_star = draw() % 3 == 0};
        int64_t start = civil_days(1600, 3, 1), end = start + 146097, first = -1, last = -1, count = 0;
        int64_t shortest = INT64_MAX, longest = 0;
        for (int64_t day = start; day < end + (first < 0 ? 0 : first - start + 1); day++) {
            if (!day_matches(&c, day))
                continue;
            if (last < 0 && first < 0) {
                first = day;
            } else {
                shortest = day - last < shortest ? day - last : shortest;
                longest = day - last > longest ? day - last : longest;
            }
            last = day;
            count++;
        }
        struct cron_rhythm r = cron_rhythm(&c);
        assert_int_equal(r.fires, count > 0);
        if (!count)
            continue;
        assert_int_equal(r.shortest_gap, shortest * CIVIL_DAY);
        assert_int_equal(r.longest_gap, longest * CIVIL_DAY);
    }
}

static void next_is_later_and_skips_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        struct cron c = {.minutes = draw() & draw() & ((UINT64_C(1) << 60) - 1),
                         .hours = (uint32_t)(draw() & draw() & 0xffffff),
                         .days = (uint32_t)(draw() & 0xfffffffe),
                         .months = (uint32_t)(draw() & 0x1ffe),
                         .weekdays = (uint8_t)(draw() & 0x7f),
                         .weekday_star = draw() % 2};
        int64_t at = (int64_t)(draw() % 4000000000U), next;
        for (int k = 0; k < 5 && cron_next(&c, at, &next); k++) {
            assert_true(next > at);
            for (int64_t minute = at / 60 + 1; minute * 60 < next; minute++) {
                int of_day = (int)(minute % 1440);
                if ((c.hours >> (of_day / 60) & 1) && (c.minutes >> (of_day % 60) & 1))
                    assert_false(day_matches(&c, minute / 1440));
            }
            at = next;
        }
    }
}

static void what_rules_ask(void **state)
{
    (void)state;
    struct cron c;
    assert_true(cron_parse(LIT("0 0 13 * 5"), &c, NULL) && cron_days_either(&c) && !cron_days_both(&c));
    assert_true(cron_parse(LIT("0 0 */2 * 1"), &c, NULL) && !cron_days_either(&c) && cron_days_both(&c));
    assert_true(cron_parse(LIT("0 0 * * 1"), &c, NULL) && !cron_days_either(&c) && !cron_days_both(&c));
    assert_true(cron_parse(LIT("@daily"), &c, NULL) && !cron_days_either(&c) && !cron_days_both(&c));
    assert_true(cron_parse(LIT(" * */2 * * *"), &c, NULL) && cron_every_minute_of_some_hours(&c));
    assert_true(cron_parse(LIT("*/2 * * * *"), &c, NULL) && !cron_every_minute_of_some_hours(&c));
    assert_true(cron_parse(LIT("* * * * *"), &c, NULL) && !cron_every_minute_of_some_hours(&c));
    struct buf b = buf_new(arena, 100);
    cron_put_at_minute_zero(&b, LIT(" * */2 * * *"));
    assert_slice("minute zero", buf_slice(&b), LIT("0 */2 * * *"));
}

int main(void)
{
    arena = arena_new(1 << 24);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_are_read_as_the_library_reads_them),
        cmocka_unit_test(fire_times_are_the_library_s),
        cmocka_unit_test(the_search_ends_with_the_fifth_year),
        cmocka_unit_test(rhythms_are_exact),
        cmocka_unit_test(random_rhythms_agree_with_counting),
        cmocka_unit_test(next_is_later_and_skips_nothing),
        cmocka_unit_test(what_rules_ask),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    return failed;
}
