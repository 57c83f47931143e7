/* What runs for an object: the command lines of BR, and for Dumpling the environment that rclone reads, as
 * the operator and its backup manager build them from the stored object. */
#ifndef BRGATE_BR_ARGUMENTS_H
#define BRGATE_BR_ARGUMENTS_H

#include "buf.h"
#include "document.h"

/* One line for each job that `root` describes: the spec of a Backup or CompactBackup, the templates of a
 * BackupSchedule. Objects of other kinds have none. */
void put_what_runs(struct buf *b, const struct node *root);

#endif
