/* Durations as Go's time.ParseDuration reads them. [Go: time/format.go] */
#ifndef BRGATE_DURATION_H
#define BRGATE_DURATION_H

#include "buf.h"
#include "refusal.h"

#define DURATION_SECOND INT64_C(1000000000)
#define DURATION_MINUTE (60 * DURATION_SECOND)
#define DURATION_HOUR   (60 * DURATION_MINUTE)

/* Nanoseconds. Negative durations and zero are read like any other. */
bool duration_parse(slice s, int64_t *ret_ns, struct refusal *refusal);

/* As Go's Duration.String prints it: "168h0m0s", "1.5s", "100ms". */
void duration_put(struct buf *b, int64_t ns);

/* As people write it: the same value without parts that are zero, "168h", "1h30m". duration_parse() reads it
 * back. */
void duration_put_short(struct buf *b, int64_t ns);

#endif
