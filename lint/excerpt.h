/* A line of the user's text with carets under a part of it. */
#ifndef BRGATE_EXCERPT_H
#define BRGATE_EXCERPT_H

#include "buf.h"
#include "position.h"

/* Text as it may go to a terminal, by utf8_shown(). */
void put_plain(struct buf *b, slice s);

struct excerpt {
    slice bytes; /* the whole text; when it is empty, nothing is put */
    const struct line_table *lines;
    uint32_t from, to; /* the part of the text */
    slice hint;        /* after the carets */
    slice on, off;     /* around the carets and the hint (colour); both may be empty */
};

/* Puts the line of byte `from` and, below it, carets up to byte `to` or the end of the line. Tabs become spaces, wide
 * characters take two carets, a long line is cut around the carets. */
void excerpt_put(struct buf *b, const struct excerpt *e);

#endif
