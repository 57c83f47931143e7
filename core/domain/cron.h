/* Schedules as robfig/cron v1.2.0's ParseStandard reads them, evaluated in UTC.
 * [robfig/cron v1.2.0: parser.go, spec.go, constantdelay.go] */
#ifndef BRGATE_CRON_H
#define BRGATE_CRON_H

#include "buf.h"
#include "refusal.h"

struct cron {
    int64_t every;    /* seconds of "@every"; 0 for an expression, and then the rest holds */
    uint64_t minutes; /* bit n: minute n */
    uint32_t hours, days, months;
    uint8_t weekdays;            /* bit 0: Sunday */
    bool day_star, weekday_star; /* an item of the field begins with * or ? */
};

bool cron_parse(slice s, struct cron *ret, struct refusal *refusal);

/* The first fire time strictly after `after`, in Unix seconds. False when there is none until the end of the
 * fifth year after it: there the library gives up, and the schedule never fires again. */
bool cron_next(const struct cron *c, int64_t after, int64_t *ret);

/* What a schedule does over the whole of its cycle (400 years, in which dates and weekdays repeat). */
struct cron_rhythm {
    bool fires;           /* false: it never does, and the rest is 0 */
    int64_t shortest_gap; /* seconds between two fires in a row */
    int64_t longest_gap;
    double per_day; /* on average */
    unsigned most_per_day;
};

struct cron_rhythm cron_rhythm(const struct cron *c);

/* Both day fields are given without a star: a day needs to match only one of them. */
bool cron_days_either(const struct cron *c);

/* Both day fields leave days out and one has a star with a step: a day needs to match both. Other crons take
 * either. */
bool cron_days_both(const struct cron *c);

/* Every minute of chosen hours: mostly a slip for minute 0 of them. */
bool cron_every_minute_of_some_hours(const struct cron *c);

/* `expression`, which was read, with 0 in place of its minutes. */
void cron_put_at_minute_zero(struct buf *b, slice expression);

#endif
