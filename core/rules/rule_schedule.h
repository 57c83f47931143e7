/* What the checks of a BackupSchedule share: they are many, in a file for each part of it. */
#ifndef BRGATE_RULE_SCHEDULE_H
#define BRGATE_RULE_SCHEDULE_H

#include "checks.h"
#include "spans.h"

/* A schedule with its times worked out once. */
struct timed_schedule {
    const struct schedule_spec *spec;
    bool fires; /* the cron can be read and fires within the next years: `rhythm` holds */
    struct cron_rhythm rhythm;
};

void check_cron(struct rule_run *run, const struct timed_schedule *s);       /* when it fires */
void check_retention(struct rule_run *run, const struct timed_schedule *s);  /* what is kept, how long */
void check_templates(struct rule_run *run, const struct timed_schedule *s);  /* what is made of it */
void check_compaction(struct rule_run *run, const struct timed_schedule *s); /* compactInterval */

/* Is the member there at all, whatever its value? What cannot be read counts. */
static inline bool schedule_has(const struct timed_schedule *s, const char *member)
{
    return node_get(s->spec->node, slice_of(member)) != NULL;
}

#endif
