/* What the rules of backup specs share. */
#ifndef BRGATE_RULE_BACKUP_H
#define BRGATE_RULE_BACKUP_H

#include "rule.h"

#include "log_backup.h"

backup_rule judge_filter;     /* rule_filter.c */
backup_rule judge_br_options; /* rule_br.c: flags and numbers of BR */
backup_rule judge_dumpling;   /* rule_dumpling.c: what only v1 has */

void judge_not_negative(struct rule_run *run, const struct number *n);

/* backupType db or table without the names that it needs: BR is not asked for anything. */
bool backup_lacks_type_names(const struct backup_spec *spec);

/* ---- log backups ---- */

struct log_spec backup_log_spec(const struct backup_spec *spec);
enum log_operator object_operator(const struct object *o);
bool backup_request_readable(const struct backup_spec *spec);
/* logSubcommand, or logStop; NULL when neither is there. */
const struct node *backup_request_node(const struct backup_spec *spec);

/* Findings that a manifest and an update share. `n` is the request. */
void log_pause_expires(struct rule_run *run, const struct node *n);
void log_stop_is_final(struct rule_run *run, const struct node *n);
void log_truncation_waits(struct rule_run *run, const struct timestamp_field *t);

/* ---- changes ---- */

/* Whether two values say the same: nothing, null, {} and [] are one. NULL is nothing. */
bool node_same(const struct node *a, const struct node *b);

/* Reports under `rule` what moves the data of a backup to another place. */
void judge_moved(struct rule_run *run, enum rule_id rule, const struct storage *now,
                 const struct storage *before);

const char *object_finalizer(const struct object *o); /* the operator's */
bool object_has_finalizer(const struct object *o, const char *name);

#endif
