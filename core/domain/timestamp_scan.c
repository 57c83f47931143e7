/* Reading written moments: strictly as Go does, and by guess for hints. */
#include "timestamp_scan.h"

#include "ascii.h"

#include <stdio.h>
#include <string.h>

struct scanner {
    slice s;
    size_t at;
    struct refusal *refusal;
};

static bool is_digit(const struct scanner *c, size_t ahead)
{
    return c->at + ahead < c->s.n && ascii_is_digit(c->s.p[c->at + ahead]);
}

static bool at_char(const struct scanner *c, char want)
{
    return c->at < c->s.n && c->s.p[c->at] == want;
}

/* `least` to `most` digits. */
static bool digits(struct scanner *c, size_t least, size_t most, const char *what, int *ret)
{
    size_t n = 0;
    int value = 0;
    for (; n < most && is_digit(c, n); n++)
        value = value * 10 + (c->s.p[c->at + n] - '0');
    if (n < least)
        return refuse(c->refusal, c->at, c->at + n < c->s.n ? n + 1 : n, "expected %zu digits for the %s",
                      least, what);
    c->at += n;
    *ret = value;
    return true;
}

static bool in_range(struct scanner *c, size_t from, int value, int first, int last, const char *what)
{
    return (value >= first && value <= last) ||
           refuse(c->refusal, from, c->at - from, "%s %d does not exist", what, value);
}

static bool separator(struct scanner *c, char want)
{
    if (!at_char(c, want)) {
        size_t n = c->at < c->s.n;
        return refuse(c->refusal, c->at, n, n ? "expected '%c' here" : "ends early, expected '%c'", want);
    }
    c->at++;
    return true;
}

static bool scan_date(struct scanner *c, struct civil *civil)
{
    if (!digits(c, 4, 4, "year", &civil->year) || !separator(c, '-'))
        return false;
    size_t month_at = c->at;
    if (!digits(c, 2, 2, "month", &civil->month) || !in_range(c, month_at, civil->month, 1, 12, "month") ||
        !separator(c, '-'))
        return false;
    if (!digits(c, 2, 2, "day", &civil->day))
        return false;
    if (!civil_date_exists(civil->year, civil->month, civil->day))
        return refuse(c->refusal, 0, c->at, "%04d-%02d has no day %d", civil->year, civil->month, civil->day);
    return true;
}

/* ".5" or ",5": digits beyond nanoseconds are cut off. */
static void scan_fraction(struct scanner *c, int64_t *ret)
{
    *ret = 0;
    if ((!at_char(c, '.') && !at_char(c, ',')) || !is_digit(c, 1))
        return;
    int64_t unit = 100000000;
    for (c->at++; is_digit(c, 0); c->at++, unit /= 10)
        *ret += (c->s.p[c->at] - '0') * unit;
}

static bool scan_time(struct scanner *c, struct moment *m)
{
    size_t from = c->at;
    if (!digits(c, 1, 2, "hour", &m->civil.hour) || !in_range(c, from, m->civil.hour, 0, 23, "hour") ||
        !separator(c, ':'))
        return false;
    from = c->at;
    if (!digits(c, 2, 2, "minute", &m->civil.minute) ||
        !in_range(c, from, m->civil.minute, 0, 59, "minute") || !separator(c, ':'))
        return false;
    from = c->at;
    if (!digits(c, 2, 2, "second", &m->civil.second) || !in_range(c, from, m->civil.second, 0, 59, "second"))
        return false;
    scan_fraction(c, &m->nanosecond);
    return true;
}

static bool scan_zone(struct scanner *c, struct moment *m)
{
    m->zoned = true;
    if (at_char(c, 'Z')) {
        c->at++;
        return true;
    }
    bool west = at_char(c, '-');
    if (!west && !at_char(c, '+')) {
        if (c->at == c->s.n)
            return refuse(c->refusal, c->at, 0, "time zone missing");
        return refuse(c->refusal, c->at, c->s.n - c->at, "write the time zone as Z or +08:00");
    }
    size_t from = c->at++;
    int hours = 0, minutes = 0;
    if (!digits(c, 2, 2, "zone's hours", &hours) || !separator(c, ':') ||
        !digits(c, 2, 2, "zone's minutes", &minutes))
        return false;
    if (hours > 24 || minutes > 60) /* as far as Go goes */
        return refuse(c->refusal, from, c->at - from, "no such time zone");
    m->offset = (hours * 60 + minutes) * (west ? -60 : 60);
    return true;
}

bool moment_scan(slice s, enum zone_form form, struct moment *ret, struct refusal *refusal)
{
    struct scanner c = {s, 0, refusal};
    struct moment m = {0};
    if (!scan_date(&c, &m.civil))
        return false;
    if (!separator(&c, form == ZONE_NONE ? ' ' : 'T'))
        return false;
    while (form == ZONE_NONE && at_char(&c, ' '))
        c.at++;
    if (!scan_time(&c, &m) || (form == ZONE_RFC3339 && !scan_zone(&c, &m)))
        return false;
    if (c.at < s.n)
        return refuse(refusal, c.at, s.n - c.at, "unexpected text after the time");
    *ret = m;
    return true;
}

int64_t moment_unix(const struct moment *m)
{
    return civil_unix(m->civil) - m->offset;
}

static bool guess_zone(struct scanner *c, struct moment *m)
{
    while (at_char(c, ' '))
        c->at++;
    if (c->at == c->s.n)
        return true;
    m->zoned = true;
    slice zone = slice_from(c->s, c->at);
    if (slice_eq_nocase(zone, LIT("z")) || slice_eq_nocase(zone, LIT("utc")) ||
        slice_eq_nocase(zone, LIT("gmt")))
        return true;
    bool west = at_char(c, '-');
    if (!west && !at_char(c, '+'))
        return false;
    c->at++;
    int hours = 0, minutes = 0;
    if (!digits(c, 1, 2, "", &hours))
        return false;
    if (at_char(c, ':'))
        c->at++;
    if (c->at < c->s.n && !digits(c, 2, 2, "", &minutes))
        return false;
    m->offset = (hours * 60 + minutes) * (west ? -60 : 60);
    return c->at == c->s.n && hours <= 14 && minutes < 60;
}

static bool guess_separator(struct scanner *c, const char *allowed)
{
    if (c->at == c->s.n || !c->s.p[c->at] || !strchr(allowed, c->s.p[c->at]))
        return false;
    c->at++;
    return true;
}

static bool guess_time(struct scanner *c, struct moment *m)
{
    if (c->at == c->s.n)
        return true;
    if (!guess_separator(c, "Tt \t_"))
        return false;
    while (at_char(c, ' '))
        c->at++;
    if (!digits(c, 1, 2, "", &m->civil.hour) || !guess_separator(c, ":") ||
        !digits(c, 1, 2, "", &m->civil.minute))
        return false;
    if (at_char(c, ':')) {
        c->at++;
        if (!digits(c, 1, 2, "", &m->civil.second))
            return false;
        scan_fraction(c, &m->nanosecond);
    }
    return m->civil.hour < 24 && m->civil.minute < 60 && m->civil.second < 60 && guess_zone(c, m);
}

bool moment_guess(slice s, struct moment *ret)
{
    struct scanner c = {slice_trim(s), 0, NULL};
    struct moment m = {0};
    if (!digits(&c, 4, 4, "", &m.civil.year) || !guess_separator(&c, "-/.") ||
        !digits(&c, 1, 2, "", &m.civil.month) || !guess_separator(&c, "-/.") ||
        !digits(&c, 1, 2, "", &m.civil.day))
        return false;
    if (!civil_date_exists(m.civil.year, m.civil.month, m.civil.day) || !guess_time(&c, &m))
        return false;
    *ret = m;
    return true;
}

int moment_print(const struct moment *m, char *out, size_t size)
{
    char zone[16] = "Z", fraction[16] = "";
    int minutes = (m->offset < 0 ? -m->offset : m->offset) / 60;
    if (m->offset)
        snprintf(zone, sizeof zone, "%c%02d:%02d", m->offset < 0 ? '-' : '+', minutes / 60 % 100,
                 minutes % 60);
    if (m->nanosecond >= 1000000)
        snprintf(fraction, sizeof fraction, ".%03d", (int)(m->nanosecond / 1000000));
    struct civil c = m->civil;
    return snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d%s%s", c.year, c.month, c.day, c.hour, c.minute,
                    c.second, fraction, zone);
}
