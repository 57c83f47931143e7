/* Strict number parsing: the whole slice must be the number, without spaces; overflow is an error. */
#ifndef BRGATE_NUM_H
#define BRGATE_NUM_H

#include "buf.h"

/* Decimal digits with an optional '-' (i64 only); leading zeros are allowed, '+' is not. */
bool num_i64(slice s, int64_t *ret);
bool num_u64(slice s, uint64_t *ret);

/* A decimal number as JSON or YAML writes it (sign, digits, fraction, exponent). False when the text is
 * something else or the value is too large for a double. */
bool num_f64(struct arena *a, slice s, double *ret);

/* Puts the shortest decimal text that reads back as the same double, laid out as Go's encoding/json does: exponent
 * form below 1e-6 and from 1e21 on. JSON has neither infinities nor NaN: they are null. */
void num_put_f64(struct buf *b, double value);

/* Puts the same digits laid out as Go's fmt %v does: exponent form below 1e-4 and from 1e21 on; NaN, +Inf and
 * -Inf. */
void num_put_f64_v(struct buf *b, double value);

#endif
