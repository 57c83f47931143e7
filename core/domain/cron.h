/* Cron schedules as robfig/cron v1.2.0's ParseStandard reads them, evaluated in UTC.
 * [robfig/cron v1.2.0: parser.go, spec.go, constantdelay.go] */
#ifndef BRGATE_CRON_H
#define BRGATE_CRON_H

#include "buf.h"
#include "refusal.h"

struct cron {
    int64_t every;    /* seconds of "@every"; 0 for an expression, which sets the other members */
    uint64_t minutes; /* bit n: minute n */
    uint32_t hours, days, months;
    uint8_t weekdays;            /* bit 0: Sunday */
    bool day_star, weekday_star; /* an item of the field begins with * or ? */
};

/* Returns false, and why, when the library refuses the expression. */
bool cron_parse(slice s, struct cron *ret, struct refusal *refusal);

/* Computes the first fire time strictly after `after`, in Unix seconds. Returns false when there is none before the end
 * of the fifth year after it: there the library gives up, and the schedule never fires again. */
bool cron_next(const struct cron *c, int64_t after, int64_t *ret);

/* Statistics of a schedule over its whole cycle (400 years, after which dates and weekdays repeat). */
struct cron_rhythm {
    bool fires;           /* false: it never fires, and the other members are 0 */
    int64_t shortest_gap; /* seconds between two fires in a row */
    int64_t longest_gap;
    double per_day; /* on average */
    unsigned most_per_day;
};

/* Costs a walk over the cycle: worked out once a schedule. */
struct cron_rhythm cron_rhythm(const struct cron *c);

/* Returns whether both day fields are given without a star: then a day needs to match only one of them. */
bool cron_days_either(const struct cron *c);

/* Returns whether both day fields exclude days and one has a star with a step: then a day needs to match both. Other
 * cron implementations accept either. */
bool cron_days_both(const struct cron *c);

/* Returns whether it fires every minute of certain hours: usually a mistake for minute 0 of them. */
bool cron_every_minute_of_some_hours(const struct cron *c);

/* Puts `expression`, which cron_parse() has accepted, with 0 in place of its minutes. */
void cron_put_at_minute_zero(struct buf *b, slice expression);

#endif
