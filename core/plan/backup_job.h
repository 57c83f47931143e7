/* The Jobs of a Backup, by their names. */
#ifndef BRGATE_BACKUP_JOB_H
#define BRGATE_BACKUP_JOB_H

#include "job.h"
#include "log_backup.h"

/* "backup-NAME", or with a log command "backup-NAME-log-stop". */
slice snapshot_job_name(const struct planning *p);
slice log_job_name(const struct planning *p, enum logbackup_command command);
slice stop_job_name(const struct planning *p);  /* "stop-NAME": stops the task when the Backup is deleted */
slice clean_job_name(const struct planning *p); /* "clean-NAME": deletes its data */

/* The Job, or NULL and why it cannot be built. They need spec.br and the cluster's facts, but for the clean
 * Job and the Dumpling one. */
struct node *snapshot_job(const struct planning *p, const struct cluster_facts *c, struct job_problem *ret);
struct node *log_job(const struct planning *p, const struct cluster_facts *c, enum logbackup_command command,
                     slice name, struct job_problem *ret);
struct node *clean_job(const struct planning *p, struct job_problem *ret);

/* Without br, in pingcap.com: Dumpling. Its Job works in a volume that is claimed first, by a name made from
 * the database's host and port. */
struct node *export_job(const struct planning *p, struct job_problem *ret);
slice export_claim_name(const struct planning *p);
struct node *export_claim(const struct planning *p);

#endif
