/* The decisions about a Backup, a file each for a snapshot, a log and their end. */
#ifndef BRGATE_PLAN_BACKUP_H
#define BRGATE_PLAN_BACKUP_H

#include "backup_job.h"
#include "retry.h"

void plan_backup(struct planning *p);
void plan_snapshot(struct planning *p);
void plan_log(struct planning *p);
void plan_deletion(struct planning *p);

/* How soon to look again at what no event will announce: a Secret that is missing, a query that failed. */
enum { LOOK_AGAIN_SECONDS = 60 };

/* Whether there is nothing to hope for from the spec or the cluster now; it has been said then. `command` is
 * LOGBACKUP_UNKNOWN for a snapshot. On false `*ret` holds the cluster's facts. */
bool backup_blocked(struct planning *p, enum logbackup_command command, struct cluster_facts *ret);

/* Writes the condition Scheduled, then creates the Job; or writes why it cannot be made. */
void backup_start(struct planning *p, struct status *s, enum logbackup_command command, struct node *job,
                  slice job_name, struct job_problem problem);

#endif
