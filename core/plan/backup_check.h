/* What TiDB Operator checks before it runs a Backup: a spec that fails is Invalid. */
#ifndef BRGATE_BACKUP_CHECK_H
#define BRGATE_BACKUP_CHECK_H

#include "planning.h"

/* Returns the first fault of the spec, in the operator's order and mostly in its words; empty if there is none.
 * [tidb-operator v2: pkg/controllers/br/manager/util/util.go ValidateBackup; v1: pkg/backup/util/util.go] */
slice backup_fault(const struct planning *p);

#endif
