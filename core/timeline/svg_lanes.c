/* What happens, below what can be restored, and the key to its marks. */
#include "svg.h"

enum { LANE = 30, BAR = 16 };

/* The marks differ in shape, too, so that they can be told apart without colours. */
enum shape {
    SHAPE_COMPLETE,
    SHAPE_WAITED,
    SHAPE_FAILED,
    SHAPE_RETRIED,
    SHAPE_MISSED,
    SHAPE_LOG_RUNS,
    SHAPE_LOG_HELD,
    SHAPE_LOG_MISSING,
    SHAPE_TRUNCATED,
    SHAPE_COMPACTED,
    SHAPE_EXPIRED,
    SHAPE_BY_HAND,
    SHAPE_LOST,
    SHAPE_ORPHANED,
    SHAPES
};

static void stroke(struct svg *s, double x, double y, const char *path)
{
    buf_fmt(s->out, "<path d=\"M%.1f %.1f%s\" stroke=\"" SVG_WRONG "\" stroke-width=\"2.2\"/>\n", x, y, path);
}

/* Draws a mark in a lane that begins at `y`. Those of a moment are around `x`. */
static void draw(struct svg *s, enum shape shape, double x, double y, double width)
{
    static const struct {
        double top, height; /* 0: it is no rectangle */
        const char *colour;
    } bars[SHAPES] = {[SHAPE_COMPLETE] = {0, BAR, SVG_FINE},
                      [SHAPE_WAITED] = {BAR / 2.0 - 1, 2, SVG_FINE},
                      [SHAPE_LOG_RUNS] = {0, BAR, SVG_LOG},
                      [SHAPE_LOG_HELD] = {BAR / 2.0, BAR / 2.0, SVG_NOTE},
                      [SHAPE_LOG_MISSING] = {BAR / 2.0 - 2, 4, SVG_WRONG},
                      [SHAPE_TRUNCATED] = {BAR - 5, 5, "white"},
                      [SHAPE_COMPACTED] = {0, BAR, SVG_COMPACT},
                      [SHAPE_EXPIRED] = {4, BAR - 8, SVG_QUIET},
                      [SHAPE_LOST] = {0, BAR, "url(#missing)"},
                      [SHAPE_ORPHANED] = {0, BAR, "url(#orphaned)"}};
    if (bars[shape].height > 0)
        svg_rect(s, x, y + bars[shape].top, width, bars[shape].height, bars[shape].colour, 1);
    else if (shape == SHAPE_FAILED)
        stroke(s, x - 4, y + 4, "l8 8m0 -8l-8 8");
    else if (shape == SHAPE_RETRIED)
        stroke(s, x - 4, y + 12, "l8 -8");
    else if (shape == SHAPE_BY_HAND)
        buf_fmt(s->out, "<path d=\"M%.1f %.1fl6 8l-6 8l-6 -8z\" fill=\"" SVG_WRONG "\"/>\n", x, y);
    else
        buf_fmt(s->out,
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"white\" stroke=\"" SVG_NOTE
                "\" stroke-width=\"2\"/>\n",
                x, y + BAR / 2.0);
}

static void name_lane(struct svg *s, const char *name)
{
    svg_text(s, SVG_LEFT - 10, s->y + 12, "end", SVG_TEXT, 12, slice_of(name));
    svg_rect(s, SVG_LEFT, s->y, SVG_COLUMNS, BAR, SVG_RULE, 0.35);
}

/* ---- marks ---- */

/* Draws bars of events of that kind; many that are close together become one. */
static void bars(struct svg *s, enum played_kind kind, enum shape shape)
{
    enum { LEAST = 2 };
    const struct played *r = s->played;
    double end = 0;
    for (size_t i = 0; i < r->event_count; i++) {
        const struct played_event *e = &r->events[i];
        if (e->kind != kind)
            continue;
        double x = svg_x(s, shape == SHAPE_WAITED                 ? e->due
                            : e->from && shape != SHAPE_TRUNCATED ? e->from
                                                                  : e->at);
        double to = svg_x(s, shape == SHAPE_WAITED ? e->from : e->at),
               width = to - x < LEAST ? LEAST : to - x;
        if (x + width < end + 0.5 || (shape == SHAPE_WAITED && to - x < LEAST))
            continue; /* nothing new would be seen */
        draw(s, shape, x, s->y, width);
        end = x + width;
    }
}

/* Draws marks that stand for a moment; one that would cover the one before is left out. */
static void points(struct svg *s, enum played_kind kind, enum shape shape)
{
    enum { APART = 9 };
    const struct played *r = s->played;
    double end = 0;
    for (size_t i = 0; i < r->event_count; i++) {
        double x = svg_x(s, r->events[i].at);
        if (r->events[i].kind != kind || x < end + APART)
            continue;
        draw(s, shape, x, s->y, 0);
        end = x;
    }
}

/* ---- lanes ---- */

static void snapshots(struct svg *s)
{
    name_lane(s, "snapshots");
    bars(s, PLAYED_SNAPSHOT, SHAPE_WAITED);
    bars(s, PLAYED_SNAPSHOT, SHAPE_COMPLETE);
    points(s, PLAYED_SNAPSHOT_RETRIED, SHAPE_RETRIED);
    points(s, PLAYED_SNAPSHOT_FAILED, SHAPE_FAILED);
    points(s, PLAYED_MISSED, SHAPE_MISSED);
    s->y += LANE;
}

static enum shape log_shape(enum log_state state)
{
    return state == LOG_RUNNING ? SHAPE_LOG_RUNS : state == LOG_MISSING ? SHAPE_LOG_MISSING : SHAPE_LOG_HELD;
}

static void log_lane(struct svg *s)
{
    const struct played *r = s->played;
    if (!r->with_log)
        return;
    name_lane(s, "log");
    for (size_t i = 0, next; i < r->span_count; i = next) {
        next = i + 1;
        while (next < r->span_count && r->spans[next].log == r->spans[i].log)
            next++;
        double x = svg_x(s, r->spans[i].from), width = svg_x(s, r->spans[next - 1].to) - x;
        if (r->spans[i].log != LOG_UNASKED && width > 0.5)
            draw(s, log_shape(r->spans[i].log), x, s->y, width);
    }
    bars(s, PLAYED_TRUNCATED, SHAPE_TRUNCATED);
    s->y += LANE;
}

static void compactions(struct svg *s)
{
    if (!s->played->with_compaction)
        return;
    name_lane(s, "compactions");
    bars(s, PLAYED_COMPACTION, SHAPE_COMPACTED);
    points(s, PLAYED_COMPACTION_FAILED, SHAPE_FAILED);
    s->y += LANE;
}

static void deletions(struct svg *s)
{
    name_lane(s, "deleted");
    bars(s, PLAYED_EXPIRED, SHAPE_EXPIRED);
    bars(s, PLAYED_EXPIRED_FAILED, SHAPE_EXPIRED);
    points(s, PLAYED_DELETED_BY_HAND, SHAPE_BY_HAND);
    s->y += LANE;
}

void svg_lanes(struct svg *s)
{
    snapshots(s);
    log_lane(s);
    compactions(s);
    deletions(s);
}

/* ---- the key ---- */

static bool has_event(const struct played *r, enum played_kind kind)
{
    for (size_t i = 0; i < r->event_count; i++)
        if (r->events[i].kind == kind)
            return true;
    return false;
}

static bool has_waited(const struct played *r)
{
    for (size_t i = 0; i < r->event_count; i++)
        if (r->events[i].due && r->events[i].from - r->events[i].due > (r->until - r->from) / SVG_COLUMNS * 2)
            return true;
    return false;
}

static bool has_log(const struct svg *s, enum log_state state)
{
    for (size_t i = 0; i < s->played->span_count; i++)
        if (s->played->spans[i].log == state &&
            svg_x(s, s->played->spans[i].to) - svg_x(s, s->played->spans[i].from) > 0.5)
            return true;
    return false;
}

void svg_key(struct svg *s)
{
    enum { SAMPLE = 14, ROW = 22 };
    const struct played *r = s->played;
    double x = SVG_LEFT;
    bool orphans = r->spans[r->span_count - 1].orphaned_bytes > 0;
    const struct {
        bool shown;
        enum shape shape;
        const char *text;
    } rows[] = {
        {r->verdict.complete > 0, SHAPE_COMPLETE, "snapshot"},
        {has_waited(r), SHAPE_WAITED, "was due, waited"},
        {r->verdict.failed > 0 || r->verdict.compactions_failed > 0, SHAPE_FAILED, "failed"},
        {r->verdict.retried > 0, SHAPE_RETRIED, "pod died, tried again"},
        {has_event(r, PLAYED_MISSED), SHAPE_MISSED, "missed"},
        {has_log(s, LOG_RUNNING), SHAPE_LOG_RUNS, "log runs"},
        {r->verdict.truncations > 0, SHAPE_TRUNCATED, "truncated"},
        {has_log(s, LOG_STALLED) || has_log(s, LOG_PAUSED), SHAPE_LOG_HELD, "log stalls or is paused"},
        {has_log(s, LOG_MISSING), SHAPE_LOG_MISSING, "no log"},
        {r->verdict.compactions > 0, SHAPE_COMPACTED, "compaction"},
        {r->verdict.expired > 0 || has_event(r, PLAYED_EXPIRED_FAILED), SHAPE_EXPIRED,
         "deleted by retention"},
        {has_event(r, PLAYED_DELETED_BY_HAND), SHAPE_BY_HAND, "deleted by hand"},
        {r->verdict.broken.seconds > 0, SHAPE_LOST, "promised, but lost"},
        {orphans, SHAPE_ORPHANED, "stored for Backups that are deleted"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        slice text = slice_of(rows[i].text);
        double width = SAMPLE + 28 + 6 * (double)text.n;
        bool point = rows[i].shape == SHAPE_FAILED || rows[i].shape == SHAPE_RETRIED ||
                     rows[i].shape == SHAPE_MISSED || rows[i].shape == SHAPE_BY_HAND;
        if (!rows[i].shown)
            continue;
        if (x + width > SVG_RIGHT + 20) {
            x = SVG_LEFT;
            s->y += ROW;
        }
        if (rows[i].shape == SHAPE_TRUNCATED)
            draw(s, SHAPE_LOG_RUNS, x, s->y, SAMPLE);
        draw(s, rows[i].shape,
             rows[i].shape == SHAPE_TRUNCATED || point ? x + SAMPLE / 2.0 - (point ? 0 : 1) : x, s->y,
             rows[i].shape == SHAPE_TRUNCATED ? 2 : SAMPLE);
        svg_text(s, x + SAMPLE + 6, s->y + 12, "start", SVG_TEXT, 12, text);
        x += width;
    }
    s->y += ROW + 8;
}

/* ---- bands ---- */

static void band(struct svg *s, int64_t from, int64_t to, int top, int bottom, const char *what)
{
    double x = svg_x(s, from), width = svg_x(s, to) - x, room = 6.2 * (double)strlen(what);
    svg_rect(s, x, top, width < 1 ? 1 : width, bottom - top, "#000000", 0.10);
    if (width < room)
        return;
    svg_rect(s, x + width / 2 - room / 2, top + 3, room, 15, "white", 0.85);
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
