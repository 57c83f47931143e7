/* Between the files of the storage rules. */
#ifndef BRGATE_RULE_STORAGE_H
#define BRGATE_RULE_STORAGE_H

#include "rule.h"

job_rule judge_credentials; /* rule_credentials.c */
job_rule judge_s3;          /* rule_s3.c */
job_rule judge_endpoint;    /* rule_endpoint.c */
job_rule judge_cloud;       /* rule_cloud.c: gcs and azblob */
job_rule judge_place;       /* rule_place.c: buckets and prefixes */
job_rule judge_volumes;     /* rule_volume.c */

/* A CompactBackup's spec or the compaction template of a schedule. */
bool spec_is_compaction(const struct rule_run *run, const struct node *spec);

/* Without br, TiDB Operator v1 makes the backup with Dumpling. */
bool spec_is_dumpling(const struct rule_run *run, const struct node *spec);

/* The finding of a block that has to be in `spec`. */
struct finding *rule_missing_block(struct rule_run *run, enum rule_id rule, const struct node *spec,
                                   const char *name, const char *why);

/* As rule_missing(), for what is only a warning: the text is taken as it is. */
struct finding *rule_wanting(struct rule_run *run, enum rule_id rule, const struct node *parent,
                             const char *child, const struct text *field, const char *text);

/* A provider that is certain to be other than AWS. */
bool s3_is_foreign(const struct s3 *s);
bool s3_provider_is(const struct s3 *s, const char *name);

/* The schema has found that the provider is none of the listed ones: says so in fewer words, with the way
 * out. */
void explain_provider(struct arena *a, struct findings *f, struct finding *x);

#endif
