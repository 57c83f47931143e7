/* Calendar arithmetic by counting days from 1 March of year 0, so that the leap day ends each year. */
#include "civil.h"

enum {
    DAYS_400_YEARS = 146097,
    DAYS_100_YEARS = 36524,
    DAYS_4_YEARS = 1461,
    DAYS_TO_EPOCH = 719468, /* from 0000-03-01 to 1970-01-01 */
};

bool civil_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int civil_days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && civil_leap(year));
}

bool civil_date_exists(int year, int month, int day)
{
    return year >= 0 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
           day <= civil_days_in_month(year, month);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t civil_days(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t m = month <= 2 ? month + 9 : month - 3; /* March is 0 */
    int64_t era = floor_div(y, 400), year_of_era = y - era * 400;
    int64_t day_of_year = (153 * m + 2) / 5 + day - 1; /* 153 days in five months from March or August */
    return era * DAYS_400_YEARS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           DAYS_TO_EPOCH;
}

int64_t civil_unix(struct civil c)
{
    return civil_days(c.year, c.month, c.day) * CIVIL_DAY + c.hour * 3600 + c.minute * 60 + c.second;
}

struct civil civil_of(int64_t unix_seconds)
{
    if (unix_seconds < CIVIL_FIRST)
        unix_seconds = CIVIL_FIRST;
    if (unix_seconds > CIVIL_LAST)
        unix_seconds = CIVIL_LAST;
    int64_t days = floor_div(unix_seconds, CIVIL_DAY);
    int second = (int)(unix_seconds - days * CIVIL_DAY);
    days += DAYS_TO_EPOCH;
    int64_t era = floor_div(days, DAYS_400_YEARS), day_of_era = days - era * DAYS_400_YEARS;
    int64_t year_of_era = (day_of_era - day_of_era / (DAYS_4_YEARS - 1) + day_of_era / DAYS_100_YEARS -
                           day_of_era / (DAYS_400_YEARS - 1)) /
                          365;
    int day_of_year = (int)(day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100));
    int m = (5 * day_of_year + 2) / 153;
    int month = m < 10 ? m + 3 : m - 9;
    return (struct civil){(int)(era * 400 + year_of_era) + (month <= 2),
                          month,
                          day_of_year - (153 * m + 2) / 5 + 1,
                          second / 3600,
                          second / 60 % 60,
                          second % 60};
}

int civil_weekday(int64_t days)
{
    int64_t weeks = floor_div(days + 4, 7); /* 1970-01-01 was a Thursday */
    return (int)(days + 4 - weeks * 7);
}

static void put_two(char *to, int n)
{
    to[0] = (char)('0' + n / 10);
    to[1] = (char)('0' + n % 10);
}

/* By hand: a reconciler puts many. */
void civil_put(struct buf *b, int64_t unix_seconds)
{
    const struct civil c = civil_of(unix_seconds);
    const int parts[] = {c.month, c.day, c.hour, c.minute, c.second};
    char text[] = "0000-00-00T00:00:00Z";
    put_two(text, c.year / 100);
    put_two(text + 2, c.year % 100);
    for (size_t i = 0; i < 5; i++)
        put_two(text + 5 + 3 * i, parts[i]);
    buf_put(b, (slice){text, sizeof text - 1});
}

void civil_put_span(struct buf *b, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{CIVIL_DAY, "days"}, {3600, "hours"}, {60, "minutes"}, {1, "seconds"}};
    int64_t n = seconds < 0 ? -seconds : seconds;
    size_t i = 0;
    while (i < 3 && n < 2 * units[i].seconds)
        i++;
    buf_fmt(b, "%lld %s", (long long)((n + units[i].seconds / 2) / units[i].seconds), units[i].name);
}
