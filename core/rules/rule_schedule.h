/* What the rules of a BackupSchedule share: they are many, and stand in a file for each part of it. */
#ifndef BRGATE_RULE_SCHEDULE_H
#define BRGATE_RULE_SCHEDULE_H

#include "rule.h"

/* A schedule with its times worked out once. */
struct timed_schedule {
    const struct schedule_spec *spec;
    bool fires; /* the cron can be read and fires within the next years: `rhythm` holds */
    struct cron_rhythm rhythm;
};

typedef void schedule_rule(struct rule_run *run, const struct timed_schedule *s);

schedule_rule judge_cron;       /* rule_cron.c: when it fires */
schedule_rule judge_retention;  /* rule_retention.c: what is kept, and for how long */
schedule_rule judge_templates;  /* rule_templates.c: what is made of it */
schedule_rule judge_compaction; /* rule_compaction.c: compactInterval and its template against the rest */

/* A time span as people say it: "7 days", "1h30m", "2m". */
slice span_words(struct arena *a, int64_t seconds);
/* The same as a Go duration: "168h". */
slice span_duration(struct arena *a, int64_t seconds);

/* Is the member there at all, whatever its value? What cannot be read counts. */
bool schedule_has(const struct timed_schedule *s, const char *member);

/* The field's place, or that of the missing member when only a default filled it in. */
struct finding *say_at_member(struct rule_run *run, enum rule_id rule, const struct node *parent,
                              const char *member, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
