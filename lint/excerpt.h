/* A line of the user's text with carets under a part of it. */
#ifndef BRGATE_EXCERPT_H
#define BRGATE_EXCERPT_H

#include "buf.h"
#include "position.h"

/* Text as it may go to a terminal: what is not printable (control characters, escapes, marks that turn the
 * direction of writing) and what is not UTF-8 becomes U+FFFD. */
void put_plain(struct buf *b, slice s);

/* Puts the line where byte `from` stands and, below it, carets up to byte `to` or the end of the line, with
 * `hint` behind them. Tabs become blanks, wide characters take two carets, a long line is cut around the
 * carets. `on` and `off` surround the carets and the hint (colour); both may be empty. Nothing when there is
 * no text. */
void excerpt_put(struct buf *b, const struct line_table *lines, slice bytes, uint32_t from, uint32_t to,
                 slice hint, slice on, slice off);

#endif
