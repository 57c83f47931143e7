/* How many lines of one kind are written: a budget that grows with time, and a count of what was left out. No clock:
 * every call is told the time, in milliseconds. One thread at a time. */
#ifndef BRGATE_LOG_LIMIT_H
#define BRGATE_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct log_rate {
    unsigned burst;      /* lines that may come all at once */
    unsigned per_second; /* and so many more each second */
};

enum { LOG_LIMIT_TELL_MS = 10000 }; /* how long lines are left out before a line says so */

/* Zeroed at first. */
struct log_limit {
    uint64_t spent;           /* thousandths of a line */
    uint64_t at;              /* when it was that much */
    uint64_t left_out, since; /* not told yet, and when the first of them was */
};

/* True: write the line. False: it counts as left out. */
bool log_limit_allows(struct log_limit *l, const struct log_rate *rate, uint64_t now);

/* When log_limit_tell() will have something to tell; UINT64_MAX: never. */
uint64_t log_limit_due(const struct log_limit *l);

/* How many lines were left out since it was told last, if that is due or at the `end` of the log; else 0. */
uint64_t log_limit_tell(struct log_limit *l, uint64_t now, bool end);

#endif
