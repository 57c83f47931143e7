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

static int highest(uint64_t bits)
{
    return 63 - __builtin_clzll(bits);
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

/* Spans between neighbours; 0 with fewer than two of them. */
struct gaps {
    int64_t shortest, longest;
};

static void add_gap(struct gaps *g, int64_t gap)
{
    g->shortest = !g->shortest || gap < g->shortest ? gap : g->shortest;
    g->longest = gap > g->longest ? gap : g->longest;
}

/* The fires of one day and the minutes between them. */
struct day_shape {
    int first, last, count;
    struct gaps gaps;
};

static struct day_shape shape_of(const struct cron *c)
{
    struct day_shape shape = {0};
    if (!c->minutes || !c->hours)
        return shape;
    int first = lowest(c->minutes), last = highest(c->minutes);
    for (uint64_t m = c->minutes; m & (m - 1); m &= m - 1)
        add_gap(&shape.gaps, lowest(m & (m - 1)) - lowest(m));
    for (uint64_t h = c->hours; h & (h - 1); h &= h - 1)
        add_gap(&shape.gaps, (lowest(h & (h - 1)) - lowest(h)) * 60 + first - last);
    shape.first = lowest(c->hours) * 60 + first;
    shape.last = highest(c->hours) * 60 + last;
    shape.count = __builtin_popcountll(c->minutes) * __builtin_popcount(c->hours);
    return shape;
}

/* The matching days of a month, a year or the cycle, numbered within it, and the gaps between them. */
struct days {
    int64_t first, last, count;
    struct gaps gaps;
};

/* Adds a later part, which begins `offset` days after the whole. */
static void add_days(struct days *whole, int64_t offset, const struct days *part)
{
    if (!part->count)
        return;
    if (whole->count)
        add_gap(&whole->gaps, offset + part->first - whole->last);
    else
        whole->first = offset + part->first;
    if (part->count > 1) {
        add_gap(&whole->gaps, part->gaps.shortest);
        add_gap(&whole->gaps, part->gaps.longest);
    }
    whole->last = offset + part->last;
    whole->count += part->count;
}

static struct days month_days(uint32_t days)
{
    struct days month = {0};
    for (; days; days &= days - 1) {
        int64_t day = lowest(days);
        add_days(&month, 0, &(struct days){.first = day, .last = day, .count = 1});
    }
    return month;
}

enum { SHORTEST_MONTH = 28, MONTH_LENGTHS = 4 };

static struct days year_days(const struct cron *c, const struct days months[MONTH_LENGTHS][7], int year,
                             int weekday)
{
    struct days whole = {0};
    for (int month = 1, offset = 0; month <= 12; month++) {
        int length = civil_days_in_month(year, month);
        if (c->months >> month & 1)
            add_days(&whole, offset, &months[length - SHORTEST_MONTH][(weekday + offset) % 7]);
        offset += length;
    }
    return whole;
}

/* All matching days of the cycle, and the gap around its end. There are only 28 kinds of month and 14 of year:
 * each is looked at once. */
static struct days cycle_days(const struct cron *c)
{
    enum { COMMON_YEAR = 2001, LEAP_YEAR = 2000, FIRST_YEAR = 2000 };
    struct days months[MONTH_LENGTHS][7], years[2][7], cycle = {0};
    if (!c->months)
        return cycle;
    for (int i = 0; i < MONTH_LENGTHS * 7; i++)
        months[i / 7][i % 7] = month_days(matching_days(c, lowest(c->months), SHORTEST_MONTH + i / 7, i % 7));
    for (int i = 0; i < 2 * 7; i++)
        years[i / 7][i % 7] = year_days(c, months, i / 7 ? LEAP_YEAR : COMMON_YEAR, i % 7);
    int weekday = civil_weekday(civil_days(FIRST_YEAR, 1, 1));
    int64_t offset = 0;
    for (int year = FIRST_YEAR; year < FIRST_YEAR + CYCLE_YEARS; year++) {
        bool leap = civil_days_in_month(year, 2) > SHORTEST_MONTH;
        add_days(&cycle, offset, &years[leap][weekday]);
        offset += leap ? 366 : 365;
        weekday = (weekday + (leap ? 2 : 1)) % 7;
    }
    if (cycle.count)
        add_gap(&cycle.gaps, cycle.first + CYCLE_DAYS - cycle.last);
    return cycle;
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
    struct days days = every_day(c) ? (struct days){.count = CYCLE_DAYS, .gaps = {1, 1}} : cycle_days(c);
    if (!days.count)
        return (struct cron_rhythm){0};
    int64_t overnight = (int64_t)(shape.first - shape.last) * 60;
    struct cron_rhythm r = {true, days.gaps.shortest * CIVIL_DAY + overnight,
                            days.gaps.longest * CIVIL_DAY + overnight,
                            (double)shape.count * (double)days.count / CYCLE_DAYS, (unsigned)shape.count};
    if (shape.count > 1 && shape.gaps.shortest * 60 < r.shortest_gap)
        r.shortest_gap = shape.gaps.shortest * 60;
    if (shape.gaps.longest * 60 > r.longest_gap)
        r.longest_gap = shape.gaps.longest * 60;
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
