/* TSOs and written moments, as the operator and BR take them. */
#include "timestamp.h"

#include "ascii.h"
#include "num.h"
#include "timestamp_scan.h"

enum { LOGICAL_BITS = 18 };

static const int64_t EARLIEST = 1420070400; /* 2015-01-01: TiDB's first commit is of that year */

/* The range of TIMESTAMP, the type as which BR reads times. [tidb: pkg/types/time.go, MinTimestamp, MaxTimestamp] */
static const int64_t BR_FIRST = 1, BR_LAST = INT32_MAX;

bool timestamp_kube_takes(slice s, struct refusal *refusal)
{
    struct moment m;
    return moment_scan(s, ZONE_RFC3339, &m, refusal);
}

uint64_t timestamp_tso(int64_t ms)
{
    return (uint64_t)ms << LOGICAL_BITS;
}

int64_t timestamp_ms(uint64_t tso)
{
    return (int64_t)(tso >> LOGICAL_BITS);
}

void timestamp_put(struct buf *b, int64_t ms)
{
    int64_t second = ms / 1000 - (ms % 1000 < 0), rest = ms - second * 1000;
    struct moment m = {.civil = civil_of(second), .nanosecond = rest * 1000000};
    char text[64];
    moment_print(&m, text, sizeof text);
    buf_put(b, slice_of(text));
}

static int64_t moment_ms(const struct moment *m)
{
    return moment_unix(m) * 1000 + m->nanosecond / 1000000;
}

/* The operator counts nanoseconds in an int64, which wraps outside the years 1678 to 2262, and shifts what it
 * gets: nothing is refused. */
static struct timestamp from_moment(const struct moment *m)
{
    uint64_t ns = (uint64_t)moment_unix(m) * 1000000000U + (uint64_t)m->nanosecond;
    uint64_t tso = (uint64_t)((int64_t)ns / 1000000) << LOGICAL_BITS;
    return (struct timestamp){m->zoned ? TIMESTAMP_ZONED : TIMESTAMP_ZONELESS, tso, moment_ms(m)};
}

static void hint_at(slice s, struct refusal *refusal)
{
    struct moment m;
    char text[64];
    if (!moment_guess(s, &m)) {
        refuse_hint(refusal, "write a TSO or a time such as 2022-10-10T15:21:00+08:00");
        return;
    }
    moment_print(&m, text, sizeof text);
    if (m.zoned) {
        refuse_hint(refusal, "write %s", text);
        snprintf(refusal->better, sizeof refusal->better, "%s", text);
    } else {
        refuse_hint(refusal, "write %s if UTC is meant", text);
    }
}

/* For a text that is a time of neither form: the author meant the form that it follows further. */
static void refuse_nearer(slice s, struct refusal *refusal)
{
    struct moment ignored;
    struct refusal zoneless = {0}, zoned = {0};
    moment_scan(s, ZONE_NONE, &ignored, &zoneless);
    moment_scan(s, ZONE_RFC3339, &ignored, &zoned);
    *refusal = zoneless.at > zoned.at ? zoneless : zoned;
}

bool timestamp_parse(slice s, struct timestamp *ret, struct refusal *refusal)
{
    uint64_t tso;
    struct moment m;
    if (num_u64(s, &tso)) {
        *ret = (struct timestamp){TIMESTAMP_TSO, tso, timestamp_ms(tso)};
        return true;
    }
    if (moment_scan(s, ZONE_NONE, &m, NULL) || moment_scan(s, ZONE_RFC3339, &m, NULL)) {
        *ret = from_moment(&m);
        return true;
    }
    if (!refusal)
        return false;
    size_t all_digits = 0;
    while (all_digits < s.n && ascii_is_digit(s.p[all_digits]))
        all_digits++;
    if (s.n == 0)
        refuse(refusal, 0, 0, "empty");
    else if (all_digits == s.n)
        refuse(refusal, 0, s.n, "a TSO has at most 64 bits");
    else if (all_digits < 4)
        refuse(refusal, 0, s.n, "neither a TSO nor a time");
    else
        refuse_nearer(s, refusal);
    if (s.n)
        hint_at(s, refusal);
    return false;
}

bool timestamp_br_takes(slice s, struct refusal *refusal)
{
    uint64_t tso;
    struct moment m;
    if (num_u64(s, &tso))
        return true;
    if (!moment_guess(s, &m)) {
        refuse(refusal, 0, s.n, "BR cannot read this as a TSO or a time");
        refuse_hint(refusal, "write a TSO or a time such as 2022-10-10T15:21:00+08:00");
        return false;
    }
    char text[64];
    moment_print(&m, text, sizeof text);
    if (!m.zoned) {
        refuse(refusal, s.n, 0, "BR requires a time zone here");
        refuse_hint(refusal, "write %s if UTC is meant", text);
        return false;
    }
    bool west_of_nothing =
        slice_ends(s, LIT("-00:00")) || slice_ends(s, LIT("-0000")) || slice_ends(s, LIT("-00"));
    bool far = m.offset > 14 * 3600 || m.offset < -14 * 3600;
    bool lower = slice_find_char(s, 'z') != SLICE_NONE;
    if (moment_unix(&m) < BR_FIRST || moment_unix(&m) > BR_LAST)
        return refuse(refusal, 0, s.n, "BR reads times from 1970 to January 2038 only");
    if (!west_of_nothing && !far && !lower)
        return true;
    refuse(refusal, 0, s.n, "BR does not accept this format");
    if (refusal && !far) {
        refuse_hint(refusal, "write %s", text);
        snprintf(refusal->better, sizeof refusal->better, "%s", text);
    }
    return false;
}

/* A number that makes no sense as a TSO may be a time in another unit: its milliseconds, or -1. */
static int64_t other_unit(slice s, uint64_t value, int64_t now, const char **ret_unit)
{
    static const struct {
        uint64_t per_second;
        const char *name;
    } units[] = {
        {1, "Unix seconds"}, {1000, "milliseconds"}, {1000000, "microseconds"}, {1000000000, "nanoseconds"}};
    for (size_t i = 0; i < COUNT(units); i++) {
        uint64_t second = value / units[i].per_second, rest = value % units[i].per_second;
        if (second < (uint64_t)EARLIEST || second > (uint64_t)now + CIVIL_DAY)
            continue;
        *ret_unit = units[i].name;
        return (int64_t)(second * 1000 + rest * 1000 / units[i].per_second);
    }
    struct moment m = {0};
    if (s.n != 14)
        return -1;
    int *const fields[] = {&m.civil.month, &m.civil.day, &m.civil.hour, &m.civil.minute, &m.civil.second};
    m.civil.year = (int)(value / 10000000000);
    for (size_t i = 0; i < 5; i++)
        *fields[i] = (s.p[4 + 2 * i] - '0') * 10 + (s.p[5 + 2 * i] - '0');
    bool exists = civil_date_exists(m.civil.year, m.civil.month, m.civil.day) && m.civil.hour < 24 &&
                  m.civil.minute < 60 && m.civil.second < 60;
    int64_t unix_seconds = exists ? moment_unix(&m) : 0;
    if (unix_seconds < EARLIEST || unix_seconds > now + CIVIL_DAY)
        return -1;
    *ret_unit = "a date in digits";
    return unix_seconds * 1000;
}

bool timestamp_comma_fraction(slice s)
{
    struct moment m;
    size_t comma = slice_find_char(s, ',');
    return comma != SLICE_NONE && moment_guess(s, &m) && m.nanosecond > 0;
}

bool timestamp_plausible(slice s, const struct timestamp *t, int64_t now, struct refusal *refusal)
{
    if (t->ms >= EARLIEST * 1000 && t->ms <= (now + CIVIL_DAY) * 1000)
        return true;
    char at[64];
    struct moment m = {.civil = civil_of(t->ms / 1000)};
    moment_print(&m, at, sizeof at);
    if (t->kind != TIMESTAMP_TSO)
        return refuse(refusal, 0, s.n, "this time is %s",
                      t->ms > now * 1000 ? "in the future" : "before TiDB existed");
    refuse(refusal, 0, s.n, "as a TSO this is %s", at);
    const char *unit;
    int64_t ms = other_unit(s, t->tso, now, &unit);
    if (ms < 0) {
        refuse_hint(refusal, "a TSO is milliseconds since 1970 times 262144");
        return false;
    }
    m = (struct moment){.civil = civil_of(ms / 1000)};
    moment_print(&m, at, sizeof at);
    refuse_hint(refusal, "this looks like %s: the TSO for %s is %llu", unit, at,
                (unsigned long long)timestamp_tso(ms));
    if (refusal)
        snprintf(refusal->better, sizeof refusal->better, "%llu", (unsigned long long)timestamp_tso(ms));
    return false;
}
