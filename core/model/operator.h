/* What TiDB Operator reads from an object: which version of the operator handles it, the inputs of the log backup's
 * state machine (log_backup.h), and the finalizer. */
#ifndef BRGATE_OPERATOR_H
#define BRGATE_OPERATOR_H

#include "log_backup.h"
#include "model.h"
#include "retention.h"

enum logbackup_operator object_operator(const struct resource *o); /* by its API group */

/* What a log Backup asks for and how far it has come, for log_backup.h. */
struct logbackup_spec backup_log_spec(const struct backup_spec *spec);
struct logbackup_status backup_log_status(const struct backup_status *status);

/* status.logSubCommandStatuses[command].phase; empty when there is none. */
slice backup_sub_phase(const struct backup_status *status, enum logbackup_command command);

/* Returns the namespace of the cluster that br names: its clusterNamespace, or `own`, the object's. */
slice br_cluster_namespace(const struct br *br, slice own);

/* Returns which backups the schedule keeps. */
struct retention schedule_retention(const struct schedule_spec *spec);

/* Returns the interval between compactions: compactInterval, or compactSpan, the same field under the name it has in
 * TiDB Operator v2. NULL when it is missing, unreadable or not positive. */
const struct duration_field *schedule_compact_interval(const struct schedule_spec *spec);

const char *object_finalizer(const struct resource *o);                /* the operator's */
bool object_has_finalizer(const struct resource *o, const char *name); /* by its name */

#endif
