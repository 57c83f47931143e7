/* Fire times: from month to month by masks of days, then within the day. */
#include "civil.h"
#include "cron.h"

enum {
    YEARS_OF_SEARCH = 5,
    CYCLE_YEARS = 400,
    CYCLE_DAYS = 146097, /* a multiple of seven */
    ALL_WEEKDAYS = 0x7f,
};

#define ALL_MINUTES ((UINT64_C(1) << 60) - 1)
#define ALL_HOURS   ((UINT32_C(1) << 24) - 1)
#define ALL_DAYS    UINT32_C(0xfffffffe)

static int lowest(uint64_t bits)
{
    return __builtin_ctzll(bits);
}

/* The days of a month that match, bit n for day n. `first_weekday` is that of its day 1. */
static uint32_t matching_days(const struct cron *c, int month, int length, int first_weekday)
{
    if (!(c->months >> month & 1))
        return 0;
    uint64_t by_weekday = 0;
    for (int week = -first_weekday; week < 31; week += 7) /* day 1 + week is a Sunday */
        by_weekday |= week < 0 ? (uint64_t)c->weekdays << 1 >> -week : (uint64_t)c->weekdays << (week + 1);
    bool both = c->day_star || c->weekday_star;
    uint64_t days = both ? by_weekday & c->days : by_weekday | c->days;
    return (uint32_t)(days & ((UINT64_C(2) << length) - 2));
}

/* The first minute of the day from `from` on, as minutes since midnight; -1 when there is none. */
static int next_minute(const struct cron *c, int from)
{
    int hour = from / 60;
    uint64_t rest = c->minutes >> (from % 60);
    if ((c->hours >> hour & 1) && rest)
        return from + lowest(rest);
    uint32_t hours = hour < 23 ? c->hours >> (hour + 1) : 0;
    if (!hours || !c->minutes)
        return -1;
    return (hour + 1 + lowest(hours)) * 60 + lowest(c->minutes);
}

bool cron_next(const struct cron *c, int64_t after, int64_t *ret)
{
    if (c->every) {
        *ret = after + c->every;
        return true;
    }
    int earliest = next_minute(c, 0);
    if (earliest < 0)
        return false;
    struct civil start = civil_of(after + 1);
    int64_t today = civil_days(start.year, start.month, start.day);
    int minute = (int)((after + 1 - today * CIVIL_DAY + 59) / 60); /* 1440 in the last minute of a day */
    int left_today = minute < 24 * 60 ? next_minute(c, minute) : -1;
    int year = start.year, month = start.month, from = start.day + (left_today < 0);
    while (year <= start.year + YEARS_OF_SEARCH) {
        int64_t first = civil_days(year, month, 1);
        uint64_t days = matching_days(c, month, civil_days_in_month(year, month), civil_weekday(first));
        days &= UINT64_MAX << from;
        if (days) {
            int64_t day = first + lowest(days) - 1;
            *ret = day * CIVIL_DAY + (day == today ? left_today : earliest) * 60;
            return true;
        }
        from = 1;
        if (++month > 12) {
            month = 1;
            year++;
        }
    }
    return false;
}

/* Gaps in minutes between the fires of one day. */
struct day_shape {
    int first, last, count;
    int shortest, longest; /* 0 with a single fire */
};

static struct day_shape shape_of(const struct cron *c)
{
    struct day_shape shape = {.first = next_minute(c, 0)};
    if (shape.first < 0)
        return shape;
    for (int at = shape.first; at >= 0;) {
        shape.count++;
        shape.last = at;
        int next = at + 1 < 24 * 60 ? next_minute(c, at + 1) : -1;
        int gap = next - at;
        if (next >= 0) {
            shape.shortest = !shape.shortest || gap < shape.shortest ? gap : shape.shortest;
            shape.longest = gap > shape.longest ? gap : shape.longest;
        }
        at = next;
    }
    return shape;
}

struct day_gaps {
    int64_t count, shortest, longest; /* days */
};

static void add_gap(struct day_gaps *gaps, int64_t gap)
{
    gaps->shortest = !gaps->shortest || gap < gaps->shortest ? gap : gaps->shortest;
    gaps->longest = gap > gaps->longest ? gap : gaps->longest;
}

/* The matching days of one month. */
struct month_days {
    int first, last, count; /* first is 0 with none */
    struct day_gaps gaps;
};

static struct month_days month_days(uint32_t days)
{
    struct month_days m = {.first = days ? lowest(days) : 0, .count = __builtin_popcount(days)};
    for (; days; days &= days - 1) {
        int day = lowest(days);
        if (m.last)
            add_gap(&m.gaps, day - m.last);
        m.last = day;
    }
    return m;
}

/* Days between matching days, over all months of the cycle and around its end. There are only 28 kinds of
 * month: each is looked at once. */
static struct day_gaps gaps_of(const struct cron *c)
{
    enum { SHORTEST_MONTH = 28, LENGTHS = 4 };
    struct month_days kinds[LENGTHS][7];
    struct day_gaps gaps = {0};
    int64_t first_of_month = 0, first = -1, last = 0;
    int weekday = civil_weekday(civil_days(2000, 1, 1));
    if (!c->months)
        return gaps;
    for (int i = 0; i < LENGTHS * 7; i++)
        kinds[i / 7][i % 7] = month_days(matching_days(c, lowest(c->months), SHORTEST_MONTH + i / 7, i % 7));
    for (int year = 2000; year < 2000 + CYCLE_YEARS; year++) {
        for (int month = 1; month <= 12; month++) {
            int length = civil_days_in_month(year, month);
            const struct month_days *m = &kinds[length - SHORTEST_MONTH][weekday];
            if (m->count && (c->months >> month & 1)) {
                if (first < 0)
                    first = first_of_month + m->first;
                else
                    add_gap(&gaps, first_of_month + m->first - last);
                if (m->count > 1) {
                    add_gap(&gaps, m->gaps.shortest);
                    add_gap(&gaps, m->gaps.longest);
                }
                gaps.count += m->count;
                last = first_of_month + m->last;
            }
            first_of_month += length;
            weekday = (weekday + length) % 7;
        }
    }
    if (gaps.count)
        add_gap(&gaps, first + CYCLE_DAYS - last);
    return gaps;
}

static bool every_day(const struct cron *c)
{
    bool all_days = (c->days & ALL_DAYS) == ALL_DAYS, all_weekdays = c->weekdays == ALL_WEEKDAYS;
    bool both = c->day_star || c->weekday_star;
    return c->months == 0x1ffe && (both ? all_days && all_weekdays : all_days || all_weekdays);
}

struct cron_rhythm cron_rhythm(const struct cron *c)
{
    if (c->every)
        return (struct cron_rhythm){true, c->every, c->every, (double)CIVIL_DAY / (double)c->every,
                                    c->every > CIVIL_DAY ? 1
                                                         : (unsigned)((CIVIL_DAY + c->every - 1) / c->every)};
    struct day_shape shape = shape_of(c);
    if (!shape.count)
        return (struct cron_rhythm){0};
    struct day_gaps gaps = every_day(c) ? (struct day_gaps){CYCLE_DAYS, 1, 1} : gaps_of(c);
    if (!gaps.count)
        return (struct cron_rhythm){0};
    int64_t overnight = (int64_t)(shape.first - shape.last) * 60;
    struct cron_rhythm r = {true, gaps.shortest * CIVIL_DAY + overnight, gaps.longest * CIVIL_DAY + overnight,
                            (double)shape.count * (double)gaps.count / CYCLE_DAYS, (unsigned)shape.count};
    if (shape.count > 1 && shape.shortest * 60 < r.shortest_gap)
        r.shortest_gap = shape.shortest * 60;
    if (shape.longest * 60 > r.longest_gap)
        r.longest_gap = shape.longest * 60;
    return r;
}

bool cron_days_either(const struct cron *c)
{
    return !c->every && !c->day_star && !c->weekday_star;
}

bool cron_days_both(const struct cron *c)
{
    return !c->every && (c->day_star || c->weekday_star) && (c->days & ALL_DAYS) != ALL_DAYS &&
           c->weekdays != ALL_WEEKDAYS;
}

bool cron_every_minute_of_some_hours(const struct cron *c)
{
    return !c->every && c->minutes == ALL_MINUTES && c->hours != ALL_HOURS;
}
