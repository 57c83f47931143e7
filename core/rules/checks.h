/* The groups of checks, one per file, and their shared functions; internal to the rules layer.
 *
 * A new rule needs an entry in the .def of its subject, a function of the same name in the .c beside it, and a
 * folder under tests/rules/cases; rule_table.h explains how entry and function are connected. */
#ifndef BRGATE_CHECKS_H
#define BRGATE_CHECKS_H

#include "rules.h"

#include "refusal.h"

/* ---- the groups; rules.c says which of them an object meets ---- */

void check_metadata(struct rule_run *run,
                    const struct metadata *m); /* name, labels, annotations, finalizers */

void check_storage(struct rule_run *run, const struct job_spec *job);     /* br, a cluster, one storage */
void check_s3(struct rule_run *run, const struct job_spec *job);          /* values of the block */
void check_endpoint(struct rule_run *run, const struct job_spec *job);    /* s3.endpoint */
void check_gcs(struct rule_run *run, const struct job_spec *job);         /* values of the block */
void check_azblob(struct rule_run *run, const struct job_spec *job);      /* the same */
void check_place(struct rule_run *run, const struct job_spec *job);       /* buckets and prefixes */
void check_volumes(struct rule_run *run, const struct job_spec *job);     /* local storage, pod volumes */
void check_pod_mounts(struct rule_run *run, const struct job_spec *job);  /* and each volume by itself */
void check_credentials(struct rule_run *run, const struct job_spec *job); /* who may write */
void check_pod(struct rule_run *run, const struct job_spec *job);         /* env, resources, tolerations */
void check_affinity(struct rule_run *run, const struct job_spec *job);    /* affinity */
void check_br(struct rule_run *run, const struct job_spec *job);          /* BR and its Job */

void check_backup(struct rule_run *run,
                  const struct backup_spec *spec); /* what is no subject of those below */
void check_options(struct rule_run *run, const struct backup_spec *spec);  /* flags of BR */
void check_filter(struct rule_run *run, const struct backup_spec *spec);   /* tableFilter */
void check_dumpling(struct rule_run *run, const struct backup_spec *spec); /* what only v1 has */
void check_log(struct rule_run *run, const struct backup_spec *spec);      /* log backups */

void check_schedule(struct rule_run *run, const struct schedule_spec *spec); /* but for its templates */
void check_compact(struct rule_run *run, const struct compact_spec *spec);   /* the spec of a CompactBackup */
void check_transition(struct rule_run *run);                                 /* UPDATE of a Backup */
void check_schedule_change(struct rule_run *run);                            /* UPDATE of a BackupSchedule */
void check_deletion(struct rule_run *run); /* what goes with the object, on DELETE */

bool text_is_placeholder(slice s); /* "${bucket}", CHANGEME: no value of anyone's */
bool filter_is_placeholder(
    slice s); /* the same for an element of tableFilter, which may be a regular expression */
bool key_takes_placeholders(slice key); /* Kubernetes expands variables there, or the text is free */
/* Neither a placeholder nor a text with characters beyond ASCII: nearly every text is ordinary. */
bool text_is_ordinary(slice s);
void report_placeholder(struct rule_run *run, const struct node *n); /* if it is one without a finding */
void report_texts(struct rule_run *run, const struct node *root);    /* rule_text.c; the last */

/* ---- points in time ---- */

/* Which program reads a timestamp, which decides the allowed spellings. */
enum timestamp_reader {
    READ_BY_BR,              /* a snapshot's commitTs */
    READ_BY_OPERATOR_AND_BR, /* of a log backup: both must read it, and BR demands a zone */
    READ_BY_OPERATOR,        /* of a schedule: the operator's parser, in the time zone of its pod */
    READ_BY_POD              /* of a compaction: the same in the pod of the Job; compact-ts has its syntax */
};

/* Reports a timestamp with a wrong spelling or an implausible time. The empty text is not reported. */
void check_timestamp(struct rule_run *run, const struct timestamp_field *t, enum timestamp_reader reader);

/* Returns whether the timestamp has neither fault, so that `t->value` can be used. */
bool timestamp_is_sound(const struct rule_run *run, const struct timestamp_field *t,
                        enum timestamp_reader reader);

/* ---- reporting ---- */

/* Returns the value of a member, or the place where it is missing. */
struct place at_member(const struct node *parent, const char *name);

/* Does the same for a block of fields; returns its key when the block is written but empty. */
struct place at_block(const struct node *parent, const char *name);
/* Returns the hint for such a place: how to fix an empty block, or `otherwise`. */
const char *block_hint(struct place place, const char *otherwise);

/* Returns a member as written, even if it is flagged; NULL when there is none of that name. */
const struct node *written_member(const struct node *parent, const char *name);

/* Sets the edit of a value or key, when exactly one is certain to be right, and "did you mean NEAR?" as hint. */
void rule_did_you_mean(struct finding *x, struct place place, slice near, slice written);

/* `"value": why`, pointing at the bytes that a parser of the domain layer refused, with its hint. */
struct finding *rule_refused(struct rule_run *run, const struct rule *rule, const struct text *field,
                             const struct refusal *refusal);

/* The same for a duration that cannot be read (`d->ok` is false). */
struct finding *rule_refused_duration(struct rule_run *run, const struct rule *rule,
                                      const struct duration_field *d);

/* `"value": supported values: ...` with "did you mean". */
struct finding *rule_unsupported(struct rule_run *run, const struct rule *rule, const struct text *field,
                                 const slice *values, size_t count);

/* A node that the schema check has not faulted and no placeholder; false for NULL. Lists have no fields of the model:
 * rules that look into them ask this. */
bool value_usable(const struct node *n);
bool value_is_text(const struct node *n); /* the same, and a string */

/* ---- questions of more than one group ---- */

/* It belongs to a CompactBackup, or is a schedule's template of one. */
bool job_is_compaction(const struct job_spec *job);
/* Without br, TiDB Operator v1 makes the backup with Dumpling. */
bool job_is_dumpling(const struct rule_run *run, const struct job_spec *job);

/* Returns whether the provider is certainly not AWS. */
bool s3_is_foreign(const struct s3 *s);
bool s3_provider_is(const struct s3 *s, const char *name);

/* Returns whether metadata.managedFields shows that no manager has set `n`, so that a default must have added it.
 * Returns false in a manifest, which has no managedFields. */
bool rule_field_is_unowned(const struct rule_run *run, const struct node *n); /* rule_owner.c */

/* Reports a number below zero. */
void check_not_negative(struct rule_run *run, const struct number *n);

/* Reports a field for a volume, which BR does not need. */
void check_unused_volume(struct rule_run *run, const struct text *field);

#endif
