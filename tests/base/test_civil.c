/* The calendar against a count of days made the slow way. */
#include "check.h"

#include "civil.h"

static void every_day_of_ten_thousand_years(void **state)
{
    (void)state;
    int64_t day = CIVIL_FIRST / CIVIL_DAY;
    int weekday = 6; /* 0000-01-01 was a Saturday */
    for (int year = 0; year <= 9999; year++) {
        for (int month = 1; month <= 12; month++) {
            for (int d = 1; d <= civil_days_in_month(year, month); d++, day++) {
                struct civil c = civil_of(day * CIVIL_DAY + 86399);
                bool same = c.year == year && c.month == month && c.day == d && c.hour == 23 &&
                            c.minute == 59 && c.second == 59;
                if (!same || civil_days(year, month, d) != day || civil_weekday(day) != weekday ||
                    civil_unix(c) != day * CIVIL_DAY + 86399) {
                    print_error("%04d-%02d-%02d\n", year, month, d);
                    fail();
                }
                weekday = (weekday + 1) % 7;
            }
        }
    }
    assert_int_equal(day * CIVIL_DAY - 1, CIVIL_LAST);
}

static void known_days(void **state)
{
    (void)state;
    assert_int_equal(civil_days(1970, 1, 1), 0);
    assert_int_equal(civil_unix((struct civil){2024, 2, 29, 12, 30, 15}), 1709209815);
    assert_true(civil_leap(2000) && !civil_leap(1900) && civil_leap(2024) && !civil_leap(2023));
    assert_true(civil_date_exists(2024, 2, 29) && !civil_date_exists(2023, 2, 29));
    assert_false(civil_date_exists(2024, 13, 1) || civil_date_exists(2024, 0, 1));
    assert_false(civil_date_exists(10000, 1, 1) || civil_date_exists(2024, 1, 0));
}

static void prints_as_rfc_3339(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    static const struct {
        int64_t at;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {INT64_MIN, "0000-01-01T00:00:00Z"},
        {INT64_MAX, "9999-12-31T23:59:59Z"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b = buf_new(a, 100);
        civil_put(&b, rows[i].at);
        assert_slice(rows[i].text, buf_slice(&b), slice_of(rows[i].text));
    }
    arena_free(a);
}

static void spans_are_said_coarsely(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {{0, "0 seconds"},     {119, "119 seconds"}, {120, "2 minutes"},   {7199, "120 minutes"},
                {7200, "2 hours"},    {-7200, "2 hours"},   {172799, "48 hours"}, {172800, "2 days"},
                {5270400, "61 days"}, {-129600, "36 hours"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b = buf_new(a, 100);
        civil_put_span(&b, rows[i].seconds);
        assert_slice(rows[i].text, buf_slice(&b), slice_of(rows[i].text));
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_ten_thousand_years),
        cmocka_unit_test(known_days),
        cmocka_unit_test(prints_as_rfc_3339),
        cmocka_unit_test(spans_are_said_coarsely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
