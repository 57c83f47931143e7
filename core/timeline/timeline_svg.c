/* Draws the picture. Its first part is the answer: for each moment (left to right) how far back one could have restored (top
 * to bottom). A dashed line shows the schedule's promise; stripes fill the gap where the area does not reach it. */
#include "timeline.h"

#include "account.h"
#include "svg.h"

enum { CHART = 190, BYTES = 70 };

/* ---- the title and what it comes to ---- */

static void put_mark(struct svg *s, enum mark mark)
{
    static const char *const words[] = {[MARK_FINE] = "ok", [MARK_NOTE] = "note", [MARK_WRONG] = "WRONG"};
    static const char *const colours[] = {
        [MARK_FINE] = SVG_LOG, [MARK_NOTE] = "#9A6A00", [MARK_WRONG] = SVG_WRONG};
    buf_fmt(s->out,
            "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"%s\" font-size=\"12\" "
            "font-weight=\"bold\">%s</text>\n",
            SVG_LEFT - 10, s->y + 12, colours[mark], words[mark]);
}

static void put_head(struct svg *s)
{
    const struct played *r = s->played;
    struct account sum = account_of(s->arena, r);
    s->y = 12;
    buf_put(s->out, LIT("<g font-weight=\"bold\">"));
    svg_text(s, 16, s->y + 14, "start", SVG_TEXT, 17,
             arena_fmt(s->arena, "BackupSchedule %.*s/%.*s", FMT(r->namespace), FMT(r->name)));
    buf_put(s->out, LIT("</g>\n"));
    svg_text(s, SVG_RIGHT, s->y + 14, "end", SVG_QUIET, 13,
             arena_fmt(s->arena, "\"%.*s\", %.*s to %.*s UTC", FMT(r->cron),
                       FMT(account_time(s->arena, r->from)), FMT(account_time(s->arena, r->until))));
    s->y += 28;
    for (size_t i = 0; i < sum.count; i++) {
        put_mark(s, sum.rows[i].mark);
        svg_text(s, SVG_LEFT, s->y + 12, "start", SVG_TEXT, 12, slice_of(sum.rows[i].label));
        svg_wrapped(s, SVG_LEFT + 84, SVG_TEXT, sum.rows[i].text);
    }
    svg_text(s, SVG_LEFT, s->y + 12, "start", SVG_QUIET, 12, LIT("assumed"));
    svg_wrapped(s, SVG_LEFT + 84, SVG_QUIET, account_assumed(s->arena, r));
    s->y += 12;
}

/* ---- what can be restored ---- */

/* The worst of the moments that a column of pixels covers. */
struct column {
    bool known, nothing;    /* at some moment nothing could be restored */
    int64_t newest, oldest; /* the age of the newest point at most, of the oldest one at least */
    int64_t lost;     /* the age that is promised, where that is older than the oldest one; 0: all is there */
    int64_t reserved; /* maxReservedTime; 0: none */
    double bytes, orphaned;
};

static void add_to_column(struct column *c, const struct played_span *x, int64_t from, int64_t to)
{
    bool moves = x->newest > x->newest_from;
    if (!x->newest || !x->oldest) {
        c->nothing = true;
    } else {
        int64_t late = moves ? x->from - x->newest_from : to - x->newest, back = from - x->oldest;
        c->newest = !c->known || late > c->newest ? late : c->newest;
        c->oldest = !c->known || back < c->oldest ? back : c->oldest;
        c->known = true;
    }
    bool broken = x->promised && (!x->oldest || x->oldest > x->promised);
    if (broken && from - x->promised > c->lost)
        c->lost = from - x->promised;
    c->reserved = x->reserved > c->reserved ? x->reserved : c->reserved;
    double bytes = x->snapshot_bytes + x->orphaned_bytes + x->log_bytes + x->compacted_bytes;
    c->bytes = bytes > c->bytes ? bytes : c->bytes;
    c->orphaned = x->orphaned_bytes > c->orphaned ? x->orphaned_bytes : c->orphaned;
}

static struct column *columns_of(const struct svg *s)
{
    const struct played *r = s->played;
    struct column *columns = ARENA_ARRAY(s->arena, struct column, SVG_COLUMNS);
    size_t span = 0;
    for (int i = 0; i < SVG_COLUMNS; i++) {
        int64_t from = svg_moment(s, i), to = svg_moment(s, i + 1);
        while (span + 1 < r->span_count && r->spans[span].to <= from)
            span++;
        for (size_t k = span; k < r->span_count && r->spans[k].from < to; k++) {
            const struct played_span *x = &r->spans[k];
            add_to_column(&columns[i], x, x->from > from ? x->from : from, x->to < to ? x->to : to);
        }
    }
    return columns;
}

/* Returns the greatest age to be shown. */
static int64_t depth_of(const struct svg *s, const struct column *columns)
{
    const struct played *r = s->played;
    int64_t depth = r->reserved < r->until - r->from ? r->reserved : 0;
    for (int i = 0; i < SVG_COLUMNS; i++) {
        depth = columns[i].known && columns[i].oldest > depth ? columns[i].oldest : depth;
        depth = columns[i].lost > depth ? columns[i].lost : depth;
    }
    return (depth > 3600 ? depth : 3600) * 11 / 10;
}

static void put_area(struct svg *s, const char *style, const struct column *columns, int64_t depth,
                     bool missing)
{
    bool open = false;
    for (int i = 0; i < SVG_COLUMNS; i++) {
        const struct column *c = &columns[i];
        bool whole = c->known && !c->nothing;
        int64_t top = missing ? (whole ? c->oldest : 0) : c->newest;
        int64_t bottom = missing ? c->lost : c->oldest;
        if ((!missing && !whole) || bottom <= top) {
            continue;
        }
        if (!open)
            buf_fmt(s->out, "<path %s d=\"", style);
        open = true;
        double y1 = s->y + (double)top / (double)depth * CHART,
               y2 = s->y + (double)bottom / (double)depth * CHART;
        buf_fmt(s->out, "M%d %.1fh1V%.1fh-1z", SVG_LEFT + i, y1, y2);
    }
    if (open)
        buf_put(s->out, LIT("\"/>\n"));
}

/* Ages along the left side, in steps that leave their labels room. */
static void put_ages(struct svg *s, int64_t depth)
{
    static const int64_t steps[] = {900,           3600,          3 * 3600,      6 * 3600,     12 * 3600,
                                    SPAN_DAY,      2 * SPAN_DAY,  5 * SPAN_DAY,  7 * SPAN_DAY, 14 * SPAN_DAY,
                                    30 * SPAN_DAY, 90 * SPAN_DAY, SPAN_YEAR / 2, SPAN_YEAR};
    size_t i = 0;
    while (i + 1 < COUNT(steps) && depth / steps[i] > 5)
        i++;
    svg_text(s, SVG_LEFT - 10, s->y + 4, "end", SVG_TEXT, 12, LIT("now"));
    for (int64_t age = steps[i]; age <= depth; age += steps[i]) {
        double y = s->y + (double)age / (double)depth * CHART;
        svg_line(s, SVG_LEFT, y, SVG_RIGHT, y, SVG_RULE, NULL);
        svg_text(s, SVG_LEFT - 10, y + 4, "end", SVG_TEXT, 12,
                 arena_fmt(s->arena, "%.*s ago", FMT(account_span(s->arena, age))));
    }
}

/* A dashed line at maxReservedTime, which an edit moves. */
static void put_promise(struct svg *s, const struct column *columns, int64_t depth)
{
    bool open = false;
    int64_t last = 0;
    for (int i = 0; i < SVG_COLUMNS; i++) {
        int64_t age = columns[i].reserved;
        double y = s->y + (double)age / (double)depth * CHART;
        if (!age || age > depth || (open && age == last))
            continue;
        if (!open)
            buf_fmt(s->out,
                    "<path fill=\"none\" stroke=\"" SVG_TEXT "\" stroke-dasharray=\"6 4\" d=\"M%d %.1f",
                    SVG_LEFT + i, y);
        else
            buf_fmt(s->out, "H%dV%.1f", SVG_LEFT + i, y);
        open = true;
        last = age;
    }
    if (!open)
        return;
    buf_fmt(s->out, "H%d\"/>\n", SVG_RIGHT);
    double y = s->y + (double)last / (double)depth * CHART;
    slice label = arena_fmt(s->arena, "promised: the last %.*s", FMT(account_span(s->arena, last)));
    svg_rect(s, SVG_RIGHT - 6.2 * (double)label.n, y + 3, 6.2 * (double)label.n, 15, "white", 0.85);
    svg_text(s, SVG_RIGHT - 4, y + 14, "end", SVG_TEXT, 12, label);
}

static void put_restorable(struct svg *s, const struct column *columns)
{
    int64_t depth = depth_of(s, columns);
    bool log = s->played->with_log;
    svg_text(s, 16, s->y + 12, "start", SVG_TEXT, 13,
             log ? LIT("How far back you can restore: to any point in the blue area (PITR window)")
                 : LIT("How far back you can restore: to the snapshots in the blue area"));
    s->y += 22;
    svg_numbers(s);
    s->y += 6;
    s->top = s->y;
    put_ages(s, depth);
    put_area(s,
             log ? "fill=\"" SVG_FINE "\" fill-opacity=\"0.75\""
                 : "fill=\"" SVG_FINE "\" fill-opacity=\"0.40\"",
             columns, depth, false);
    put_area(s, "fill=\"url(#missing)\"", columns, depth, true);
    put_promise(s, columns, depth);
    s->y += CHART + 12;
}

/* ---- bytes ---- */

static void put_bytes(struct svg *s, const struct column *columns)
{
    double most = s->played->verdict.peak_bytes > 0 ? s->played->verdict.peak_bytes : 1;
    bool orphans = false;
    svg_text(s, SVG_LEFT - 10, s->y + 10, "end", SVG_TEXT, 12, account_bytes(s->arena, most));
    svg_text(s, SVG_LEFT - 10, s->y + BYTES, "end", SVG_TEXT, 12, LIT("0"));
    svg_text(s, SVG_LEFT - 10, s->y + BYTES / 2.0 + 5, "end", SVG_TEXT, 12, LIT("stored"));
    buf_put(s->out, LIT("<path fill=\"" SVG_QUIET "\" fill-opacity=\"0.55\" d=\""));
    for (int i = 0; i < SVG_COLUMNS; i++) {
        buf_fmt(s->out, "M%d %dh1v-%.1fh-1z", SVG_LEFT + i, s->y + BYTES, columns[i].bytes / most * BYTES);
        orphans = orphans || columns[i].orphaned > 0;
    }
    buf_put(s->out, LIT("\"/>\n"));
    if (orphans) {
        buf_put(s->out, LIT("<path fill=\"url(#orphaned)\" d=\""));
        for (int i = 0; i < SVG_COLUMNS; i++)
            buf_fmt(s->out, "M%d %dh1v-%.1fh-1z", SVG_LEFT + i, s->y + BYTES,
                    columns[i].orphaned / most * BYTES);
        buf_put(s->out, LIT("\"/>\n"));
    }
    s->y += BYTES;
}

/* ---- the whole ---- */

void timeline_put_svg(struct buf *b, const struct played *r)
{
    struct buf body = buf_new(b->arena, b->limit);
    struct svg s = {.out = &body, .arena = b->arena, .played = r};
    const struct column *columns = columns_of(&s);
    put_head(&s);
    struct buf *parts = s.out;
    struct buf front = buf_new(b->arena, b->limit);
    s.out = &front;
    put_restorable(&s, columns);
    svg_lanes(&s);
    put_bytes(&s, columns);
    int bottom = s.y + 4;
    s.out = parts;
    svg_time_axis(&s, s.top, bottom);
    svg_number_lines(&s, s.top, bottom);
    buf_put(s.out, buf_slice(&front));
    svg_bands(&s, s.top, bottom);
    s.y = bottom + 26;
    svg_key(&s);
    svg_number_list(&s);
    buf_fmt(b,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
            "font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\" "
            "role=\"img\">\n<title>",
            SVG_WIDTH, s.y + 10, SVG_WIDTH, s.y + 10);
    buf_fmt(b, "BackupSchedule %.*s/%.*s played forward", FMT(r->namespace), FMT(r->name));
    buf_put(b, LIT("</title>\n<defs><pattern id=\"missing\" width=\"6\" height=\"6\" "
                   "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"6\" "
                   "height=\"6\" fill=\"" SVG_WRONG "\" fill-opacity=\"0.25\"/><rect width=\"3\" "
                   "height=\"6\" fill=\"" SVG_WRONG "\"/></pattern><pattern id=\"orphaned\" width=\"6\" "
                   "height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(-45)\"><rect "
                   "width=\"6\" height=\"6\" fill=\"white\"/><rect width=\"3\" height=\"6\" fill=\"" SVG_NOTE
                   "\"/></pattern></defs>\n"
                   "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"));
    buf_put(b, buf_slice(&body));
    buf_put(b, LIT("</svg>\n"));
}
