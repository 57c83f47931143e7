/* What the cluster itself says of a log backup's task, held against what a command should have done. */
#ifndef BRGATE_LOG_TRUTH_H
#define BRGATE_LOG_TRUTH_H

#include "condition.h"

enum truth {
    TRUTH_UNKNOWN,  /* not asked yet, no answer, or not sure yet: the plan asks */
    TRUTH_DONE,     /* the command has had its effect */
    TRUTH_NOT_DONE, /* it has not, and it may run again */
    TRUTH_NO_TASK,  /* there is nothing that it could work on */
};

/* Commands of BR are not idempotent: a second log start, stop, pause or resume fails. So after a pod that died
 * without reporting the task is asked for first. A truncation does no harm when it runs twice. */
enum truth log_truth(struct planning *p, enum logbackup_command command);

/* The state of a task that should be as the status says: keeps the checkpoint, and notes what differs. */
void log_watch(struct planning *p, struct status *s);

#endif
