/* A played schedule as text, JSON or a picture. */
#ifndef BRGATE_TIMELINE_H
#define BRGATE_TIMELINE_H

#include "played.h"

/* Puts the timeline and the summary for people. Events that repeat are only counted, unless `all` is set. */
void timeline_put_text(struct buf *b, const struct played *r, bool all);

/* Puts everything that was recorded as one JSON object, with a line for each event and span. */
void timeline_put_json(struct buf *b, const struct played *r);

/* Puts a self-contained SVG picture: what can be restored over time, as an area, and below it what happens. */
void timeline_put_svg(struct buf *b, const struct played *r);

#endif
