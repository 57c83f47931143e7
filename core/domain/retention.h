/* Which backups a schedule keeps. The rules that judge a schedule and the plan that carries it out read the same two fields,
 * and both use this to decide which of them counts. */
#ifndef BRGATE_RETENTION_H
#define BRGATE_RETENTION_H

#include <stdbool.h>
#include <stdint.h>

enum retention_kind {
    RETENTION_UNKNOWN,  /* a field is unreadable or not positive: conclude nothing, delete nothing */
    RETENTION_NONE,     /* every backup is kept */
    RETENTION_BY_TIME,  /* maxReservedTime */
    RETENTION_BY_COUNT, /* maxBackups, which only counts without maxReservedTime */
};

struct retention {
    enum retention_kind kind;
    int64_t seconds; /* by time; a fraction counts as a whole one */
    int64_t most;    /* by count */
};

/* The fields as they were read. */
struct retention_fields {
    bool time_given;  /* maxReservedTime is present, with any value */
    int64_t time_ns;  /* 0: it is not a duration */
    bool count_known; /* maxBackups is absent, which is 0, or a number */
    int64_t count;
};

/* Returns what a schedule with these fields keeps: by time where maxReservedTime is given, else by count. */
struct retention retention_of(const struct retention_fields *fields);

/* Returns the shortest span, in seconds and of whole hours, within which a schedule always makes two backups. */
int64_t retention_for_two(int64_t longest_gap);

#endif
