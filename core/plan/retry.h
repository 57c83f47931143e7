/* Running a Job again by spec.backoffRetryPolicy, as status.backoffRetryStatus remembers it. */
#ifndef BRGATE_RETRY_H
#define BRGATE_RETRY_H

#include "condition.h"

enum retry {
    RETRY_NONE,    /* nothing is recorded that has not happened yet */
    RETRY_WAITS,   /* its time has not come; the plan looks again then */
    RETRY_DUE,     /* the Job should go now */
    RETRY_GIVEN_UP /* the limit is reached */
};

/* The retry of that Job that is recorded and not triggered yet. */
enum retry retry_pending(struct planning *p, struct status *s, slice job_name);
/* Records that the Job failed: another retry (RETRY_WAITS), or the end (RETRY_GIVEN_UP); `command` is
 * LOGBACKUP_UNKNOWN for a snapshot. */
enum retry retry_record(struct planning *p, struct status *s, enum logbackup_command command,
                        const struct node *job);
/* The recorded one happens now. */
void retry_trigger(struct planning *p, struct status *s, slice job_name);

#endif
