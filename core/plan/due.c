/* Due times. */
#include "schedule.h"

#include "civil.h"
#include "num.h"
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

bool stamp_at_end(slice text, int64_t *ret)
{
    static const struct {
        unsigned char at, n;
    } parts[] = {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}};
    int64_t v[6];
    if (text.n < STAMP_LENGTH)
        return false;
    slice s = slice_from(text, text.n - STAMP_LENGTH);
    for (size_t i = 0; i < 6; i++)
        if (!num_i64(slice_cut(s, parts[i].at, parts[i].n), &v[i]) || v[i] < 0)
            return false;
    bool shape = s.p[4] == '-' && s.p[7] == '-' && s.p[10] == 't' && s.p[13] == '-' && s.p[16] == '-';
    if (!shape || !civil_date_exists((int)v[0], (int)v[1], (int)v[2]) || v[3] > 23 || v[4] > 59 || v[5] > 59)
        return false;
    *ret = civil_unix((struct civil){(int)v[0], (int)v[1], (int)v[2], (int)v[3], (int)v[4], (int)v[5]});
    return true;
}
