/* Time zones: the offsets of one, from the bytes of its file in the time zone database (TZif, RFC 8536).
 *
 * Transitions are those that the file lists (Debian's reach to 2037); behind the last one its offset stays. */
#ifndef BRGATE_ZONE_H
#define BRGATE_ZONE_H

#include "arena.h"

struct zone {
    size_t count;
    const int64_t *at;     /* Unix seconds of the transitions, ascending */
    const int32_t *offset; /* seconds east of UTC from then on */
    int32_t first;         /* before the first transition */
};

/* NULL when the bytes are no TZif file. */
const struct zone *zone_read(struct arena *a, slice bytes);

int32_t zone_offset(const struct zone *z, int64_t utc);

/* The moment of a local time. One that comes twice is the first of them; one that the clock skips is taken by
 * the offset before the gap. `local` is in seconds as if it were UTC. */
int64_t zone_utc(const struct zone *z, int64_t local);

#endif
