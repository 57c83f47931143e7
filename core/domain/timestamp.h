/* Timestamps as TiDB's backup tools write them.
 *
 * A TSO is physical milliseconds since 1970 times 2^18 plus a logical counter. The operator accepts a TSO, a
 * date and time without zone (read in the time zone of its process) and RFC 3339; BR accepts other forms, and for the
 * commands of a log backup requires a zone. [tidb-operator: pkg/apis/util/config/config.go, ParseTSString] */
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
    uint64_t tso; /* as the operator computes it, wrapping included */
    int64_t ms;   /* the moment, milliseconds since 1970: of a TSO its physical part */
};

/* Accepts what the operator's parser accepts, which uses Go's time package. The empty string, which the operator
 * reads as "not set", is refused. */
bool timestamp_parse(slice s, struct timestamp *ret, struct refusal *refusal);

/* Accepts what Kubernetes reads as a time in metadata: RFC 3339 as Go's time package does, which takes an hour of one digit
 * and a comma before the fraction. */
bool timestamp_kube_takes(slice s, struct refusal *refusal);

uint64_t timestamp_tso(int64_t ms); /* with logical part 0; `ms` from 1970 on */
int64_t timestamp_ms(uint64_t tso); /* its physical part */

/* Returns whether BR accepts the text where it requires a time zone (log start --start-ts, log truncate --until,
 * restore --restored-ts). Handles TSOs and a full date and time; other MySQL spellings count as refused.
 * [tidb: pkg/types/time.go] */
bool timestamp_br_takes(slice s, struct refusal *refusal);

/* Returns whether the text, a time that both read, has its fraction after a comma: the operator keeps such a fraction,
 * and BR drops it. [Go: time.Parse; tidb: pkg/types/time.go, splitDateTime] */
bool timestamp_comma_fraction(slice s);

/* Returns whether it is between 2015, when TiDB began, and a day after `now` (Unix seconds). The refusal says which
 * time the text denotes, and guesses what was meant ("Unix seconds: as TSO that is ..."). `s` is the text that
 * `t` was read from. */
bool timestamp_plausible(slice s, const struct timestamp *t, int64_t now, struct refusal *refusal);

/* Puts `ms` since 1970 as "2022-10-10T07:21:00Z", with milliseconds unless they are zero. */
void timestamp_put(struct buf *b, int64_t ms);

#endif
