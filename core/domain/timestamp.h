/* Points in time as TiDB's backup tools write them.
 *
 * A TSO is physical milliseconds since 1970 times 2^18 plus a logical counter. The operator takes a TSO, a
 * moment without zone (read in the time zone of its process) and RFC 3339; BR takes other forms, and for the
 * commands of a log backup demands a zone. [tidb-operator: pkg/apis/util/config/config.go, ParseTSString] */
#ifndef BRGATE_TIMESTAMP_H
#define BRGATE_TIMESTAMP_H

#include "buf.h"
#include "refusal.h"

enum timestamp_kind {
    TIMESTAMP_TSO,
    TIMESTAMP_ZONED,    /* RFC 3339 */
    TIMESTAMP_ZONELESS, /* "2006-01-02 15:04:05"; the values are those for UTC */
};

struct timestamp {
    enum timestamp_kind kind;
    uint64_t tso; /* as the operator works it out, wrapping included */
    int64_t ms;   /* physical part, milliseconds since 1970 */
};

/* What the operator's parser takes, read by Go's time package. The empty string, which the operator takes for
 * "not set", is refused. */
bool timestamp_parse(slice s, struct timestamp *ret, struct refusal *refusal);

uint64_t timestamp_tso(int64_t ms); /* with logical part 0; `ms` from 1970 on */
int64_t timestamp_ms(uint64_t tso);

/* Does BR take the text where it demands a time zone (log start --start-ts, log truncate --until, restore
 * --restored-ts)? Decided for TSOs and for a full date and time; other MySQL spellings count as refused.
 * [tidb: pkg/types/time.go] */
bool timestamp_br_takes(slice s, struct refusal *refusal);

/* Is it between 2015, when TiDB began, and a day after `now` (Unix seconds)? The refusal says which moment
 * the text stands for, and guesses what was meant ("Unix seconds: as TSO that is ..."). `s` is the text that
 * `t` was read from. */
bool timestamp_plausible(slice s, const struct timestamp *t, int64_t now, struct refusal *refusal);

/* "2022-10-10T07:21:00Z", with milliseconds when there are any. */
void timestamp_put(struct buf *b, int64_t ms);

#endif
