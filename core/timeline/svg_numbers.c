/* Events from outside: numbers above the picture, and their list below it. */
#include "svg.h"

#include "account.h"

enum { MOST_NUMBERS = 20, ROW = 18, RADIUS = 8, BETWEEN = 2 * RADIUS + 2 };

static bool is_numbered(enum played_kind kind)
{
    switch (kind) {
    case PLAYED_CONTROLLER_DOWN:
    case PLAYED_PAUSED:
    case PLAYED_EDITED:
    case PLAYED_EDIT_DENIED:
    case PLAYED_NO_EFFECT:
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

/* Where each number goes: in the first row in which it covers no other. */
struct places {
    double x[MOST_NUMBERS];
    int row[MOST_NUMBERS];
    int count, rows;
};

static struct places places_of(const struct svg *s)
{
    const struct played *r = s->played;
    struct places p = {0};
    double end[MOST_NUMBERS] = {0}; /* of each row */
    for (size_t i = 0; i < r->event_count && p.count < MOST_NUMBERS; i++) {
        if (!is_numbered(r->events[i].kind))
            continue;
        double x = svg_x(s, r->events[i].at);
        int row = 0;
        while (row < p.rows && x < end[row] + BETWEEN)
            row++;
        p.rows = row < p.rows ? p.rows : row + 1;
        end[row] = x;
        p.x[p.count] = x;
        p.row[p.count++] = row;
    }
    return p;
}

void svg_numbers(struct svg *s)
{
    struct places p = places_of(s);
    for (int i = 0; i < p.count; i++) {
        int y = s->y + RADIUS + p.row[i] * ROW;
        buf_fmt(s->out, "<circle cx=\"%.1f\" cy=\"%d\" r=\"%d\" fill=\"" SVG_TEXT "\"/>\n", p.x[i], y,
                RADIUS);
        svg_text(s, p.x[i], y + 4, "middle", "white", 11, arena_fmt(s->arena, "%d", i + 1));
    }
    s->y += p.rows * ROW;
}

void svg_number_lines(struct svg *s, int top, int bottom)
{
    struct places p = places_of(s);
    for (int i = 0; i < p.count; i++)
        svg_line(s, p.x[i], top - (p.rows - p.row[i] - 1) * ROW, p.x[i], bottom, SVG_QUIET, "1 3");
}

void svg_number_list(struct svg *s)
{
    const struct played *r = s->played;
    int number = 0;
    for (size_t i = 0; i < r->event_count; i++) {
        if (!is_numbered(r->events[i].kind) || ++number > MOST_NUMBERS)
            continue;
        svg_text(s, SVG_LEFT - 10, s->y + 12, "end", SVG_TEXT, 12, arena_fmt(s->arena, "%d", number));
        svg_text(s, SVG_LEFT, s->y + 12, "start", SVG_TEXT, 12, account_time(s->arena, r->events[i].at));
        svg_wrapped(s, SVG_LEFT + 112, SVG_TEXT, account_event(s->arena, &r->events[i]));
    }
    if (number > MOST_NUMBERS)
        svg_wrapped(s, SVG_LEFT, SVG_QUIET,
                    arena_fmt(s->arena, "and %d more: see the timeline as text", number - MOST_NUMBERS));
}
