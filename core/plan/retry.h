/* Retries of a Job by spec.backoffRetryPolicy, recorded in status.backoffRetryStatus. */
#ifndef BRGATE_RETRY_H
#define BRGATE_RETRY_H

#include "condition.h"

enum retry {
    RETRY_NONE,    /* no retry is pending */
    RETRY_WAITS,   /* it is not due yet; the plan looks again then */
    RETRY_DUE,     /* the failed Job should be deleted now */
    RETRY_GIVEN_UP /* the limit is reached */
};

/* Returns the state of the retry of that Job that is recorded and not triggered yet. */
enum retry retry_pending(struct planning *p, struct status *s, slice job_name);
/* Records that the Job failed: another retry (RETRY_WAITS), or the end (RETRY_GIVEN_UP); `command` is
 * LOGBACKUP_UNKNOWN for a snapshot. */
enum retry retry_record(struct planning *p, struct status *s, enum logbackup_command command,
                        const struct node *job);
/* Records that the pending retry happens now. */
void retry_trigger(struct planning *p, struct status *s, slice job_name);

#endif
