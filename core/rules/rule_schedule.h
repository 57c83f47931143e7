/* Shared by the checks of a BackupSchedule, which are in one file for each part of it. */
#ifndef BRGATE_RULE_SCHEDULE_H
#define BRGATE_RULE_SCHEDULE_H

#include "checks.h"
#include "spans.h"

/* A schedule with its fire times computed once. */
struct timed_schedule {
    const struct schedule_spec *spec;
    bool fires; /* the cron can be read and fires within the next years: `rhythm` holds */
    struct cron_rhythm rhythm;
};

void check_cron(struct rule_run *run, const struct timed_schedule *s);       /* when it fires */
void check_retention(struct rule_run *run, const struct timed_schedule *s);  /* what is kept, how long */
void check_templates(struct rule_run *run, const struct timed_schedule *s);  /* what is made of it */
void check_compaction(struct rule_run *run, const struct timed_schedule *s); /* compactInterval */

/* Returns whether the member is present, with any value, even an unreadable one. */
static inline bool schedule_has(const struct timed_schedule *s, const char *member)
{
    return node_get(s->spec->node, slice_of(member)) != NULL;
}

#endif
