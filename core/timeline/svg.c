#include "svg.h"

#include "account.h"
#include "civil.h"

double svg_x(const struct svg *s, int64_t at)
{
    const struct played *r = s->played;
    double share = (double)(at - r->from) / (double)(r->until - r->from);
    return SVG_LEFT + (share < 0 ? 0 : share > 1 ? 1 : share) * SVG_COLUMNS;
}

int64_t svg_moment(const struct svg *s, int column)
{
    const struct played *r = s->played;
    return r->from + (int64_t)((double)(r->until - r->from) * column / SVG_COLUMNS);
}

static void put_escaped(struct buf *b, slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '<' || c == '&')
            buf_put(b, c == '<' ? LIT("&lt;") : LIT("&amp;"));
        else
            buf_char(b, (unsigned char)c < ' ' ? ' ' : c);
    }
}

void svg_text(struct svg *s, double x, double y, const char *anchor, const char *colour, int size, slice text)
{
    buf_fmt(s->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\" font-size=\"%d\">", x, y,
            anchor, colour, size);
    put_escaped(s->out, text);
    buf_put(s->out, LIT("</text>\n"));
}

/* Breaks at spaces, and never within a character. */
void svg_wrapped(struct svg *s, double x, const char *colour, slice text)
{
    enum { ROW = 16 };
    size_t most = (size_t)((SVG_RIGHT - x) / 5.85);
    do {
        size_t cut = text.n;
        if (cut > most) {
            for (cut = most; cut > 1 && text.p[cut] != ' ';)
                cut--;
            for (cut = cut > 1 ? cut : most; ((unsigned char)text.p[cut] & 0xC0) == 0x80;)
                cut--;
        }
        svg_text(s, x, s->y + 12, "start", colour, 12, slice_cut(text, 0, cut));
        s->y += ROW;
        text = slice_from(text, cut + (cut < text.n && text.p[cut] == ' '));
    } while (text.n);
}

void svg_rect(struct svg *s, double x, double y, double width, double height, const char *colour,
              double opacity)
{
    buf_fmt(s->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"", x, y, width,
            height, colour);
    if (opacity < 1)
        buf_fmt(s->out, " fill-opacity=\"%.2f\"", opacity);
    buf_put(s->out, LIT("/>\n"));
}

void svg_line(struct svg *s, double x1, double y1, double x2, double y2, const char *colour, const char *dash)
{
    buf_fmt(s->out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"", x1, y1, x2, y2,
            colour);
    if (dash)
        buf_fmt(s->out, " stroke-dasharray=\"%s\"", dash);
    buf_put(s->out, LIT("/>\n"));
}

/* ---- the time axis ---- */

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

enum { LABEL_ROOM = 64, HOUR = 3600 };

/* The step between labels: the smallest that leaves them room. */
static int64_t step_of(const struct played *r)
{
    static const int64_t steps[] = {60,       300,       900,      HOUR,         2 * HOUR,     3 * HOUR,
                                    6 * HOUR, 12 * HOUR, SPAN_DAY, 2 * SPAN_DAY, 7 * SPAN_DAY, 14 * SPAN_DAY};
    for (size_t i = 0; i < COUNT(steps); i++)
        if ((r->until - r->from) / steps[i] <= SVG_COLUMNS / LABEL_ROOM)
            return steps[i];
    return 0; /* by months */
}

static void put_tick(struct svg *s, int64_t at, slice label, int top, int bottom)
{
    double x = svg_x(s, at);
    svg_line(s, x, top, x, bottom, SVG_RULE, NULL);
    if (x < SVG_RIGHT - LABEL_ROOM / 2.0 || label.n < 6)
        svg_text(s, x, bottom + 14,
                 x < SVG_LEFT + 20    ? "start"
                 : x > SVG_RIGHT - 24 ? "end"
                                      : "middle",
                 SVG_QUIET, 11, label);
}

static void axis_by_steps(struct svg *s, int64_t step, int top, int bottom)
{
    const struct played *r = s->played;
    int64_t day_before = -1;
    for (int64_t at = (r->from + step - 1) / step * step; at <= r->until; at += step) {
        struct civil c = civil_of(at);
        int64_t day = at / SPAN_DAY;
        slice label =
            day != day_before || step >= SPAN_DAY
                ? arena_fmt(s->arena, step < SPAN_DAY && at % SPAN_DAY ? "%d %s %02d:%02d" : "%d %s", c.day,
                            months[c.month - 1], c.hour, c.minute)
                : arena_fmt(s->arena, "%02d:%02d", c.hour, c.minute);
        day_before = day;
        put_tick(s, at, label, top, bottom);
    }
}

/* Each month, or each so many of them. */
static void axis_by_months(struct svg *s, int top, int bottom)
{
    const struct played *r = s->played;
    int64_t days = (r->until - r->from) / SPAN_DAY;
    int every = 1;
    while (days / 30 / every > SVG_COLUMNS / LABEL_ROOM)
        every = every == 1 ? 3 : every == 3 ? 6 : every + 6;
    struct civil c = civil_of(r->from);
    for (int number = c.year * 12 + c.month - 1;; number++) {
        struct civil first = {number / 12, number % 12 + 1, 1, 0, 0, 0};
        int64_t at = civil_unix(first);
        if (at > r->until)
            return;
        if (at >= r->from && (number % 12) % every == 0)
            put_tick(s, at,
                     number % 12 == 0 || (at - r->from < 32 * (int64_t)SPAN_DAY && every == 1)
                         ? arena_fmt(s->arena, "%s %d", months[number % 12], number / 12)
                         : slice_of(months[number % 12]),
                     top, bottom);
    }
}

void svg_time_axis(struct svg *s, int top, int bottom)
{
    int64_t step = step_of(s->played);
    if (step)
        axis_by_steps(s, step, top, bottom);
    else
        axis_by_months(s, top, bottom);
}
