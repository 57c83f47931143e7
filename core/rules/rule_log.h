/* What the checks of log backups share with those of changes and deletions. */
#ifndef BRGATE_RULE_LOG_H
#define BRGATE_RULE_LOG_H

#include "checks.h"

#include "log_backup.h"

/* ---- the request, for the state machine of domain ---- */

struct log_spec backup_log_spec(const struct backup_spec *spec);
enum log_operator object_operator(const struct object *o);
bool backup_request_readable(const struct backup_spec *spec);
/* logSubcommand, or logStop; NULL when neither is there. */
const struct node *backup_request_node(const struct backup_spec *spec);

/* ---- findings that a manifest and an update share; `n` is the request ---- */

void log_pause_expires(struct rule_run *run, const struct node *n);
void log_stop_is_final(struct rule_run *run, const struct node *n);
void log_truncation_waits(struct rule_run *run, const struct timestamp_field *t);
void log_truncation_beyond(struct rule_run *run, const struct timestamp_field *t, slice checkpoint);

/* ---- the end ---- */

const char *object_finalizer(const struct object *o); /* the operator's */
bool object_has_finalizer(const struct object *o, const char *name);

#endif
