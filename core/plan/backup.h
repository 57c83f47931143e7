/* Plans for a Backup: one file each for snapshots, log backups and deletion. */
#ifndef BRGATE_PLAN_BACKUP_H
#define BRGATE_PLAN_BACKUP_H

#include "backup_job.h"
#include "retry.h"

/* Plans for a Backup: the end of one that is being deleted, a log, or a snapshot. */
void plan_backup(struct planning *p);
void plan_snapshot(struct planning *p); /* to be run once, and again by the retry policy */
void plan_log(struct planning *p);      /* the next command of its state machine */
void plan_deletion(struct planning *p); /* stops the task, cleans the data, takes the finalizer away */

/* Returns whether the spec or the cluster prevents any work now; then the plan has the condition or the wait for it.
 * `command` is LOGBACKUP_UNKNOWN for a snapshot. On false `*ret` holds the cluster's facts. */
bool backup_blocked(struct planning *p, enum logbackup_command command, struct cluster_facts *ret);

/* Writes the condition Scheduled, then creates the Job; or writes why it cannot be made. */
void backup_start(struct planning *p, struct status *s, enum logbackup_command command, struct node *job,
                  slice job_name, struct job_problem problem);

#endif
