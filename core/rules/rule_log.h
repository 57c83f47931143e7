/* Shared by the checks of log backups, changes and deletions. */
#ifndef BRGATE_RULE_LOG_H
#define BRGATE_RULE_LOG_H

#include "checks.h"

#include "operator.h"

/* ---- the request, for the state machine of domain ---- */

/* Whether logSubcommand and logStop have values that the state machine can be asked about. */
bool backup_request_readable(const struct backup_spec *spec);
/* logSubcommand, or logStop; NULL when neither is there. */
const struct node *backup_request_node(const struct backup_spec *spec);

/* ---- findings that a manifest and an update share; `n` is the request ---- */

/* What follows from a pause: its checkpoint is kept for a day. */
void logbackup_pause_expires(struct rule_run *run, const struct node *n);
/* Reports a spec that no longer asks for the stop of a stopped log backup, as if it could continue. */
void log_stays_stopped(struct rule_run *run, const struct backup_spec *to, const char *hint);
void log_stop_is_final(struct rule_run *run, const struct node *n);
void log_truncation_waits(struct rule_run *run, const struct timestamp_field *t);
void log_truncation_beyond(struct rule_run *run, const struct timestamp_field *t, slice checkpoint);

#endif
