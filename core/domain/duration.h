/* Durations as Go's time.ParseDuration reads them. [Go: time/format.go] */
#ifndef BRGATE_DURATION_H
#define BRGATE_DURATION_H

#include "buf.h"
#include "refusal.h"

#define DURATION_SECOND INT64_C(1000000000)
#define DURATION_MINUTE (60 * DURATION_SECOND)
#define DURATION_HOUR   (60 * DURATION_MINUTE)

/* Parses a duration into nanoseconds; it may be negative or zero. */
bool duration_parse(slice s, int64_t *ret_ns, struct refusal *refusal);

/* Puts it as Go's Duration.String prints it: "168h0m0s", "1.5s", "100ms". */
void duration_put(struct buf *b, int64_t ns);

/* Puts it as people write it, without parts that are zero: "168h", "1h30m". duration_parse() reads it back. */
void duration_put_short(struct buf *b, int64_t ns);

#endif
