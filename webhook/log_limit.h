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
    uint64_t at;              /* when `level` had that value */
    uint64_t left_out, since; /* not reported yet, and the time of the first of them */
};

/* Returns whether to write the line; if not, it is counted as omitted. */
bool log_limit_allows(struct log_limit *l, const struct log_rate *rate, uint64_t now);

/* Returns when log_limit_tell() will have something to report; UINT64_MAX: never. */
uint64_t log_limit_due(const struct log_limit *l);

/* Returns how many lines were omitted since the last report, if a report is due or at the `end` of the log; else 0. */
uint64_t log_limit_tell(struct log_limit *l, uint64_t now, bool end);

#endif
