/* Inside the rules layer: the tables' types and what rules share. A new rule is an entry in the catalogue, a
 * function in the file of its subject, a row in that file's table, and a folder under tests/rules/cases. */
#ifndef BRGATE_RULE_H
#define BRGATE_RULE_H

#include "rules.h"

#include "refusal.h"

/* The rules of one subject, run in the table's order. */
typedef void backup_rule(struct rule_run *run, const struct backup_spec *spec);
typedef void compact_rule(struct rule_run *run, const struct compact_spec *spec);
/* Storage and br, wherever they stand: `spec` is the Backup's or template's or CompactBackup's spec that
 * holds them. */
typedef void job_rule(struct rule_run *run, const struct job_spec *job, const struct node *spec);

void judge_metadata(struct rule_run *run); /* rule_metadata.c */
void judge_job(struct rule_run *run, const struct job_spec *job,
               const struct node *spec);                                                  /* rule_storage.c */
void judge_br(struct rule_run *run, const struct job_spec *job, const struct node *spec); /* rule_br.c */
void judge_backup(struct rule_run *run, const struct backup_spec *spec);                  /* rule_backup.c */
void judge_log(struct rule_run *run, const struct backup_spec *spec);                     /* rule_log.c */
void judge_schedule(struct rule_run *run, const struct schedule_spec *spec); /* rule_schedule.c */
void judge_compact(struct rule_run *run, const struct compact_spec *spec);   /* rule_compact.c */
void judge_transition(struct rule_run *run);                                 /* rule_transition.c: UPDATE */
void judge_deletion(struct rule_run *run);                                   /* rule_deletion.c: DELETE */

/* Who reads a point in time: that decides which spellings are right. */
enum timestamp_reader {
    READ_BY_BR,              /* a snapshot's commitTs */
    READ_BY_OPERATOR_AND_BR, /* of a log backup: both must read it, and BR demands a zone */
    READ_BY_POD              /* of a compaction: the operator's parser, in the time zone of the pod */
};

/* Reports what is wrong with the spelling or the moment; true when `t->value` can be worked with. The empty
 * text is not reported, and false. */
bool judge_timestamp(struct rule_run *run, const struct timestamp_field *t,
                     enum timestamp_reader reader); /* rule_timestamp.c */

/* A finding at a field of the object that is there. */
#define FOUND(run, rule, error, field, ...)                                                                  \
    finding_add((run)->findings, RULE_##rule, (error), (field)->node, __VA_ARGS__)

/* A finding for a member that is missing in `parent` (or empty: `field` has a node then). */
struct finding *rule_missing(struct rule_run *run, enum rule_id rule, const struct node *parent,
                             const char *child, const struct text *field, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* `"value": why`, pointing at the bytes that a parser of the domain layer refused, with its hint. */
struct finding *rule_refused(struct rule_run *run, enum rule_id rule, const struct text *field,
                             const struct refusal *refusal);

/* `"value": supported values: ...` with "did you mean". */
struct finding *rule_unsupported(struct rule_run *run, enum rule_id rule, const struct text *field,
                                 const slice *values, size_t count);

void storageclass_ignored(struct rule_run *run, const struct backup_spec *spec); /* rule_templates.c */

/* True when the object tells who set its fields, and `n` is none of anyone's: a default added it, and no manifest has
 * it. False also in a manifest, which tells nothing. */
bool rule_field_is_unowned(const struct rule_run *run, const struct node *n); /* rule_owner.c */

bool slice_among(slice s, const slice *values, size_t count);

#endif
