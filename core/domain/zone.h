/* Time zones: UTC offsets from a file of the time zone database (TZif, RFC 8536).
 *
 * The transitions are those listed in the file (Debian's reach to 2037); after the last one its offset stays. */
#ifndef BRGATE_ZONE_H
#define BRGATE_ZONE_H

#include "arena.h"

struct zone {
    size_t count;
    const int64_t *at;     /* Unix seconds of the transitions, ascending */
    const int32_t *offset; /* seconds east of UTC from then on */
    int32_t first;         /* before the first transition */
};

/* Returns the zone, in the arena, or NULL when the bytes are not a TZif file. */
const struct zone *zone_read(struct arena *a, slice bytes);

/* The offset at the Unix time `utc`, in seconds east of UTC. */
int32_t zone_offset(const struct zone *z, int64_t utc);

/* Converts a local time, in seconds as if it were UTC, to Unix seconds. A local time that occurs twice is the first
 * of them; one that the clock skips is converted with the offset before the gap. */
int64_t zone_utc(const struct zone *z, int64_t local);

#endif
