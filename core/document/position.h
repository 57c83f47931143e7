/* Lines, columns and spans of byte offsets. */
#ifndef BRGATE_POSITION_H
#define BRGATE_POSITION_H

#include "finding.h"

struct position {
    uint32_t line, column; /* from 1; columns count code points */
};

struct line_table; /* the starts of a text's lines */

/* Unwinds when memory runs out; `bytes` must outlive it. */
struct line_table *line_table_new(struct arena *a, slice bytes);
struct position position_of(const struct line_table *t, uint32_t offset); /* beyond the end: the end */
uint32_t line_of(const struct line_table *t, uint32_t offset); /* the same, without counting columns */
slice line_text(const struct line_table *t, uint32_t line);    /* without its line break; from 1 */

/* Returns the bytes of a place: the node's key or value, the part inside it, or the place's own bytes. For a node that
 * defaulting added, or a missing member, they are those of the nearest ancestor that is in the text (of its key, if it
 * has one). [*ret_from, *ret_to) is never empty unless the text is. */
void place_span(struct place p, slice bytes, uint32_t *ret_from, uint32_t *ret_to);

#endif
