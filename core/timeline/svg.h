/* The picture's parts: a canvas with a time axis, and what is drawn on it. Lengths are in pixels. */
#ifndef BRGATE_SVG_H
#define BRGATE_SVG_H

#include "played.h"

/* Colours that people with any colour vision can distinguish (Okabe and Ito), named by their meaning. */
#define SVG_FINE    "#0072B2" /* restorable, complete: blue */
#define SVG_LOG     "#009E73" /* bluish green */
#define SVG_COMPACT "#56B4E9" /* sky blue */
#define SVG_NOTE    "#E69F00" /* late, paused: orange */
#define SVG_WRONG   "#D55E00" /* failed, missing: vermillion */
#define SVG_TEXT    "#222222"
#define SVG_QUIET   "#767676"
#define SVG_RULE    "#DDDDDD"

enum { SVG_WIDTH = 1000, SVG_LEFT = 96, SVG_RIGHT = 984, SVG_COLUMNS = SVG_RIGHT - SVG_LEFT };

struct svg {
    struct buf *out;
    struct arena *arena;
    const struct played *played;
    int y;   /* the next part begins here */
    int top; /* the chart of what can be restored */
};

double svg_x(const struct svg *s, int64_t at); /* where that moment is */
/* The time of a column of pixels, from 0 to SVG_COLUMNS. */
int64_t svg_moment(const struct svg *s, int column);

/* Text whose baseline is at `y`; `anchor` is start, middle or end. */
void svg_text(struct svg *s, double x, double y, const char *anchor, const char *colour, int size,
              slice text);
/* The same in small, from the current position on, over as many lines as it needs. */
void svg_wrapped(struct svg *s, double x, const char *colour, slice text);
void svg_rect(struct svg *s, double x, double y, double width, double height, const char *colour,
              double opacity);
void svg_line(struct svg *s, double x1, double y1, double x2, double y2, const char *colour,
              const char *dash);

/* Vertical lines and their labels for the time, from `top` to `bottom`. */
void svg_time_axis(struct svg *s, int top, int bottom);

/* ---- svg_lanes.c ---- */

/* What happens: a lane for snapshots, the log, compactions and deletions each. */
void svg_lanes(struct svg *s);
/* Bands over everything from `top` to `bottom` in which the controller is down or the schedule paused. */
void svg_bands(struct svg *s, int top, int bottom);
/* What the marks mean. */
void svg_key(struct svg *s);

/* ---- svg_numbers.c ---- */

/* Numbers for the events from outside, lines from them down to `bottom`, and their list. */
void svg_numbers(struct svg *s);
void svg_number_lines(struct svg *s, int top, int bottom);
void svg_number_list(struct svg *s);

#endif
