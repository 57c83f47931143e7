/* Output that grows in an arena up to a limit. Failure is sticky: past the limit nothing is added and
 * `failed` is set; check it once, at the end. */
#ifndef BRGATE_BUF_H
#define BRGATE_BUF_H

#include "arena.h"

struct buf {
    struct arena *arena;
    char *p;
    size_t n, capacity, limit;
    bool failed;
};

struct buf buf_new(struct arena *a, size_t limit); /* empty; `limit` in bytes */
/* Adds bytes, a byte, or formatted text. */
void buf_put(struct buf *b, slice s);
void buf_char(struct buf *b, char c);
void buf_fmt(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
slice buf_slice(const struct buf *b); /* what has been put so far; valid until the next put */

/* Puts `s` as Go's %q prints it: double quotes, \n \t \\ \", \x00 for control bytes, \u and \U for unprintable
 * characters, \xff for bytes that are not UTF-8. */
void buf_quote(struct buf *b, slice s);

/* Puts `s` as a JSON string as Go's encoding/json prints it, quotes included: <, > and & as \u003c \u003e \u0026. */
void buf_json_string(struct buf *b, slice s);

/* Puts `s` as a JSON string for people to read: only what RFC 8259 requires is escaped. Both JSON functions replace
 * bytes that are not UTF-8 by U+FFFD. */
void buf_json_text(struct buf *b, slice s);

#endif
