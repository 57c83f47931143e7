/* Describes why a strict parser refuses a text: where, and in words that fit after `Invalid value: "7d": `. The
 * rules turn a refusal into a finding that points inside the value. Every parser that takes a `refusal` accepts
 * NULL, and fills it when it fails. */
#ifndef BRGATE_REFUSAL_H
#define BRGATE_REFUSAL_H

#include "slice.h"

#include <stdint.h>

struct refusal {
    uint32_t at, n;  /* the bytes at fault; n = 0 when the text ends too early */
    char why[200];   /* what was found and what was expected; one line, no full stop */
    char hint[120];  /* how to write it ("write 168h"); may be empty */
    char better[64]; /* the text to write instead, when there is exactly one; may be empty */
};

/* Fills `r` (NULL is allowed) and returns false, so that a parser can `return refuse(...)`. */
bool refuse(struct refusal *r, size_t at, size_t n, const char *why, ...)
    __attribute__((format(printf, 4, 5)));
/* Sets the hint of a refusal (NULL is allowed) that refuse() has filled. */
void refuse_hint(struct refusal *r, const char *hint, ...) __attribute__((format(printf, 2, 3)));

#endif
