/* What happens, below what can be restored. */
#include "svg.h"

#include "account.h"

enum { LANE = 30, BAR = 16 };

static void name_lane(struct svg *s, const char *name)
{
    svg_text(s, SVG_LEFT - 10, s->y + 12, "end", SVG_TEXT, 12, slice_of(name));
    svg_rect(s, SVG_LEFT, s->y, SVG_COLUMNS, BAR, SVG_RULE, 0.35);
}

/* At most one mark for each pixel column: many that are close together become a bar. */
struct marks {
    struct svg *svg;
    const char *colour;
    double end; /* of the last one */
};

static void mark(struct marks *m, int64_t from, int64_t to, double top, double height)
{
    enum { LEAST = 2 };
    double x = svg_x(m->svg, from), width = svg_x(m->svg, to) - x;
    width = width < LEAST ? LEAST : width;
    if (x + width < m->end + 0.5)
        return; /* nothing new would be seen */
    svg_rect(m->svg, x, top, width, height, m->colour, 1);
    m->end = x + width;
}

/* A cross, which differs from a bar even without its colour. */
static void cross(struct svg *s, int64_t at, double y, double *end)
{
    double x = svg_x(s, at);
    if (x < *end + 1.5)
        return;
    *end = x;
    buf_fmt(s->out, "<path d=\"M%.1f %.1fl8 8m0 -8l-8 8\" stroke=\"" SVG_WRONG "\" stroke-width=\"2.2\"/>\n",
            x - 4, y);
}

static void snapshots(struct svg *s)
{
    const struct played *r = s->played;
    struct marks complete = {s, SVG_FINE, 0};
    double crossed = 0, missed = 0;
    name_lane(s, "snapshots");
    for (size_t i = 0; i < r->event_count; i++) {
        const struct played_event *x = &r->events[i];
        if (x->kind == PLAYED_SNAPSHOT)
            mark(&complete, x->from, x->at, s->y, BAR);
    }
    for (size_t i = 0; i < r->event_count; i++) {
        const struct played_event *x = &r->events[i];
        double at = svg_x(s, x->at);
        if (x->kind == PLAYED_SNAPSHOT_FAILED)
            cross(s, x->at, s->y + 4, &crossed);
        if (x->kind != PLAYED_MISSED || at < missed + 1.5)
            continue;
        missed = at;
        buf_fmt(s->out,
                "<circle cx=\"%.1f\" cy=\"%d\" r=\"4\" fill=\"white\" stroke=\"" SVG_NOTE
                "\" stroke-width=\"2\"/>\n",
                at, s->y + BAR / 2);
    }
    s->y += LANE;
}

/* ---- the log ---- */

static void log_piece(struct svg *s, int64_t from, int64_t to, const char *colour)
{
    double x = svg_x(s, from), width = svg_x(s, to) - x;
    svg_rect(s, x, s->y, width < 1 ? 1 : width, BAR, colour, 1);
}

static void log_lane(struct svg *s)
{
    const struct played *r = s->played;
    int64_t since = 0;
    const char *colour = NULL;
    struct marks cuts = {s, "white", 0};
    if (!r->with_log)
        return;
    name_lane(s, "log");
    for (size_t i = 0; i < r->event_count; i++) {
        const struct played_event *x = &r->events[i];
        const char *next =
            x->kind == PLAYED_LOG_RUNS || x->kind == PLAYED_LOG_ADVANCES || x->kind == PLAYED_LOG_RESUMED
                ? SVG_LOG
            : x->kind == PLAYED_LOG_STALLS || x->kind == PLAYED_LOG_PAUSED ? SVG_NOTE
            : x->kind == PLAYED_LOG_LOST                                   ? SVG_WRONG
                                                                           : NULL;
        if (!next)
            continue;
        if (colour)
            log_piece(s, since, x->at, colour);
        colour = next;
        since = x->at;
    }
    if (colour)
        log_piece(s, since, r->until, colour);
    for (size_t i = 0; i < r->event_count; i++)
        if (r->events[i].kind == PLAYED_TRUNCATED)
            mark(&cuts, r->events[i].at, r->events[i].at, s->y + BAR - 5, 5);
    s->y += LANE;
}

/* ---- the others ---- */

static void compactions(struct svg *s)
{
    const struct played *r = s->played;
    struct marks complete = {s, SVG_COMPACT, 0};
    double crossed = 0;
    if (!r->with_compaction)
        return;
    name_lane(s, "compactions");
    for (size_t i = 0; i < r->event_count; i++)
        if (r->events[i].kind == PLAYED_COMPACTION)
            mark(&complete, r->events[i].from, r->events[i].at, s->y, BAR);
    for (size_t i = 0; i < r->event_count; i++)
        if (r->events[i].kind == PLAYED_COMPACTION_FAILED)
            cross(s, r->events[i].at, s->y + 4, &crossed);
    s->y += LANE;
}

static void deletions(struct svg *s)
{
    const struct played *r = s->played;
    struct marks expired = {s, SVG_QUIET, 0}, by_hand = {s, SVG_WRONG, 0};
    name_lane(s, "deleted");
    for (size_t i = 0; i < r->event_count; i++)
        if (r->events[i].kind == PLAYED_EXPIRED || r->events[i].kind == PLAYED_EXPIRED_FAILED)
            mark(&expired, r->events[i].at, r->events[i].at, s->y + 3, BAR - 6);
    for (size_t i = 0; i < r->event_count; i++)
        if (r->events[i].kind == PLAYED_DELETED_BY_HAND)
            mark(&by_hand, r->events[i].at, r->events[i].at, s->y, BAR);
    s->y += LANE;
}

void svg_lanes(struct svg *s)
{
    snapshots(s);
    log_lane(s);
    compactions(s);
    deletions(s);
}

/* ---- bands ---- */

static void band(struct svg *s, int64_t from, int64_t to, int top, int bottom, const char *what)
{
    double x = svg_x(s, from), width = svg_x(s, to) - x;
    svg_rect(s, x, top, width < 1 ? 1 : width, bottom - top, "#000000", 0.10);
    if (width > 60)
        svg_text(s, x + width / 2, top + 14, "middle", SVG_TEXT, 11, slice_of(what));
}

static void bands_of(struct svg *s, enum played_kind begins, enum played_kind ends, const char *what, int top,
                     int bottom)
{
    const struct played *r = s->played;
    int64_t since = 0;
    for (size_t i = 0; i < r->event_count; i++) {
        if (r->events[i].kind == begins)
            since = r->events[i].at;
        if (r->events[i].kind != ends || !since)
            continue;
        band(s, since, r->events[i].at, top, bottom, what);
        since = 0;
    }
    if (since)
        band(s, since, r->until, top, bottom, what);
}

void svg_bands(struct svg *s, int top, int bottom)
{
    bands_of(s, PLAYED_CONTROLLER_DOWN, PLAYED_CONTROLLER_UP, "controller down", top, bottom);
    bands_of(s, PLAYED_PAUSED, PLAYED_RESUMED, "paused", top, bottom);
}

/* ---- numbers ---- */

enum { MOST_NUMBERS = 20 };

static bool is_numbered(enum played_kind kind)
{
    switch (kind) {
    case PLAYED_CONTROLLER_DOWN:
    case PLAYED_PAUSED:
    case PLAYED_EDITED:
    case PLAYED_DELETED_BY_HAND:
    case PLAYED_LOG_STALLS:
    case PLAYED_LOG_PAUSED:
    case PLAYED_LOG_LOST:
    case PLAYED_LOG_FAILED:
    case PLAYED_CHANGED:
    case PLAYED_WINDOW_BROKEN:
        return true;
    default:
        return false;
    }
}

/* Leaves out a number that would cover the previous one; its row in the list stays. */
void svg_numbers(struct svg *s, int y)
{
    const struct played *r = s->played;
    int number = 0;
    double end = 0;
    for (size_t i = 0; i < r->event_count && number < MOST_NUMBERS; i++) {
        double x = svg_x(s, r->events[i].at);
        if (!is_numbered(r->events[i].kind))
            continue;
        number++;
        if (x < end + 17)
            continue;
        end = x;
        buf_fmt(s->out, "<circle cx=\"%.1f\" cy=\"%d\" r=\"8\" fill=\"" SVG_TEXT "\"/>\n", x, y);
        svg_text(s, x, y + 4, "middle", "white", 11, arena_fmt(s->arena, "%d", number));
    }
}

void svg_number_list(struct svg *s)
{
    enum { ROW = 16, MOST_CHARS = 140 };
    const struct played *r = s->played;
    int number = 0;
    for (size_t i = 0; i < r->event_count; i++) {
        if (!is_numbered(r->events[i].kind))
            continue;
        if (++number > MOST_NUMBERS)
            continue;
        svg_text(s, SVG_LEFT - 10, s->y + 12, "end", SVG_TEXT, 12, arena_fmt(s->arena, "%d", number));
        slice what = account_event(s->arena, &r->events[i]);
        svg_text(s, SVG_LEFT, s->y + 12, "start", SVG_TEXT, 12,
                 arena_fmt(s->arena, "%.*s  %.*s%s", FMT(account_time(s->arena, r->events[i].at)),
                           FMT(slice_cut(what, 0, MOST_CHARS)), what.n > MOST_CHARS ? " ..." : ""));
        s->y += ROW;
    }
    if (number > MOST_NUMBERS) {
        svg_text(s, SVG_LEFT, s->y + 12, "start", SVG_QUIET, 12,
                 arena_fmt(s->arena, "and %d more: see the timeline as text", number - MOST_NUMBERS));
        s->y += ROW;
    }
}
