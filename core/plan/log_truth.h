/* Compares a log backup's task, as the cluster reports it, with the expected effect of a command. */
#ifndef BRGATE_LOG_TRUTH_H
#define BRGATE_LOG_TRUTH_H

#include "condition.h"

enum truth {
    TRUTH_UNKNOWN,  /* not asked yet, no answer, or not sure yet: the plan asks */
    TRUTH_DONE,     /* the command has had its effect */
    TRUTH_NOT_DONE, /* it has not, and it may run again */
    TRUTH_NO_TASK,  /* there is no task for it to act on */
};

/* Commands of BR are not idempotent: a second log start, stop, pause or resume fails. So after a pod that died
 * without reporting, the plan first queries the task. Running a truncation twice is harmless. */
enum truth log_truth(struct planning *p, enum logbackup_command command);

/* Compares the state of a task with the status: records the checkpoint, and notes any difference. */
void log_watch(struct planning *p, struct status *s);

/* Returns whether the task has been paused for so long that it can only be stopped. */
bool log_pause_expired(const struct planning *p, const struct status *s);

/* Returns whether a task of this name was stopped so recently that none may start yet; then the plan waits. */
bool log_stopped_just_now(struct planning *p);

#endif
