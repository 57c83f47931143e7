/* Due times. */
#include "schedule.h"

#include "civil.h"
#include "zone.h"

static int64_t to_local(const struct planning *p, int64_t utc)
{
    return p->settings->zone ? utc + zone_offset(p->settings->zone, utc) : utc;
}

static int64_t from_local(const struct planning *p, int64_t local)
{
    return p->settings->zone ? zone_utc(p->settings->zone, local) : local;
}

bool due_after(const struct planning *p, int64_t anchor, int64_t after, int64_t *ret)
{
    const struct cron *c = &p->object->schedule->cron;
    if (c->every) {
        int64_t passed = after < anchor ? 0 : (after - anchor) / c->every + 1;
        *ret = after < anchor ? anchor + c->every : anchor + passed * c->every;
        return true;
    }
    /* A local time that comes twice is due at the first; one that the clock skips, as if it had not. */
    for (int64_t local = to_local(p, after), next; cron_next(c, local, &next); local = next) {
        *ret = from_local(p, next);
        if (*ret > after)
            return true;
    }
    return false;
}

/* The newest due time up to `now`, after `cursor`: looked for in windows that double backwards, so that
 * neither a rare cron nor a long pause takes many steps. */
static bool newest_due(const struct planning *p, int64_t anchor, int64_t cursor, int64_t now, int64_t *ret)
{
    enum { FIRST_WINDOW = 60 };
    for (int64_t window = FIRST_WINDOW;; window *= 2) {
        bool whole = now - cursor <= window;
        int64_t next, from = whole ? cursor : now - window;
        bool found = false;
        while (due_after(p, anchor, from, &next) && next <= now) {
            *ret = from = next;
            found = true;
        }
        if (found || whole)
            return found;
    }
}

struct due due_now(const struct planning *p, int64_t anchor, int64_t cursor)
{
    struct due d = {0};
    if (cursor >= p->now)
        return d;
    d.is = newest_due(p, anchor, cursor, p->now, &d.at);
    int64_t next, from = cursor;
    while (d.is && d.missed < MOST_MISSED && due_after(p, anchor, from, &next) && next < d.at) {
        d.missed++;
        from = next;
    }
    return d;
}

/* ---- stamps ---- */

enum { STAMP_LENGTH = sizeof "2006-01-02t15-04-05" - 1 };

slice stamp_of(const struct planning *p, int64_t at)
{
    struct civil c = civil_of(at);
    return arena_fmt(p->arena, "%04d-%02d-%02dt%02d-%02d-%02d", c.year, c.month, c.day, c.hour, c.minute,
                     c.second);
}

/* Reads two digits; -1: they are none. */
static int two_digits(const char *p)
{
    bool digits = p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9';
    return digits ? (p[0] - '0') * 10 + p[1] - '0' : -1;
}

/* Called for each child of each plan. */
bool stamp_at_end(slice text, int64_t *ret)
{
    static const unsigned char at[] = {0, 2, 5, 8, 11, 14, 17};
    int v[COUNT(at)];
    if (text.n < STAMP_LENGTH)
        return false;
    const char *p = text.p + text.n - STAMP_LENGTH;
    if (p[4] != '-' || p[7] != '-' || p[10] != 't' || p[13] != '-' || p[16] != '-')
        return false;
    for (size_t i = 0; i < COUNT(at); i++)
        if ((v[i] = two_digits(p + at[i])) < 0)
            return false;
    const struct civil c = {v[0] * 100 + v[1], v[2], v[3], v[4], v[5], v[6]};
    if (!civil_date_exists(c.year, c.month, c.day) || c.hour > 23 || c.minute > 59 || c.second > 59)
        return false;
    *ret = civil_unix(c);
    return true;
}
