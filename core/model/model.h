/* The resources as C structs, decoded from a tree after the schema's passes.
 *
 * Every field keeps its node, so that a rule can point at it, and a state, so that a rule reads only usable
 * values: a field that the schema check reported is UNUSABLE, one that holds a template's placeholder is
 * PLACEHOLDER. A value that a parser of the domain layer reads is decoded here once; when that fails, the rule that
 * reports it parses again for the reason, and all others see `ok == false`. So one broken field produces no findings
 * about its consequences. */
#ifndef BRGATE_MODEL_H
#define BRGATE_MODEL_H

#include "document.h"

#include "cron.h"
#include "location.h"
#include "timestamp.h"

enum api_group {
    GROUP_BR,      /* br.pingcap.com: TiDB Operator v2 */
    GROUP_PINGCAP, /* pingcap.com: TiDB Operator v1 */
};

enum resource_kind { KIND_BACKUP, KIND_BACKUP_SCHEDULE, KIND_COMPACT_BACKUP };

enum field_state { FIELD_ABSENT, FIELD_UNUSABLE, FIELD_PLACEHOLDER, FIELD_GIVEN };

struct text {
    const struct node *node;
    slice value;
    enum field_state state;
};

struct number {
    const struct node *node;
    int64_t value;
    enum field_state state;
};

struct flag {
    const struct node *node;
    bool value;
    enum field_state state;
};

/* A list or object whose members are read where they are needed. `node` is NULL unless the value is
 * usable. */
struct block {
    const struct node *node;
    enum field_state state;
};

struct duration_field {
    struct text text;
    bool ok;
    int64_t ns;
};

struct timestamp_field {
    struct text text;
    bool ok;
    struct timestamp value;
};

struct s3 {
    const struct node *node; /* NULL: the block is absent */
    struct text provider, region, bucket, prefix, path, endpoint, storage_class, acl, secret_name, sse;
    struct flag force_path_style;
    struct block options;
};

struct gcs {
    const struct node *node;
    struct text project_id, location, bucket, prefix, path, storage_class, object_acl, bucket_acl,
        secret_name;
};

struct azblob {
    const struct node *node;
    struct text container, prefix, path, access_tier, secret_name, storage_account, sas_token;
};

struct local {
    const struct node *node;
    struct block volume, volume_mount;
    struct text volume_name, mount_name, mount_path, prefix;
};

struct storage {
    struct s3 s3;
    struct gcs gcs;
    struct azblob azblob;
    struct local local;
    enum storage_type used; /* the first that is set, in the order in which the operator builds the job */
    unsigned count;         /* blocks that are set */
};

struct br {
    const struct node *node;
    struct text cluster, cluster_namespace, db, table, log_level, status_addr;
    struct duration_field time_ago;
    struct number concurrency, rate_limit;
    struct flag checksum, check_requirements, send_cred_to_tikv, on_line;
    struct block options;
};

struct retry_policy {
    const struct node *node;
    struct duration_field min_retry_duration, retry_timeout;
    struct number max_retry_times;
};

struct clean_option {
    const struct node *node;
    struct number page_size, retry_count, batch_concurrency, routine_concurrency;
};

/* Whose Job it is. JOB_OF_TEMPLATE is also the role of br and storage on the schedule itself. */
enum job_role { JOB_OF_BACKUP, JOB_OF_TEMPLATE, JOB_OF_COMPACTION };

/* The fields common to a Backup's spec, a schedule's templates and a CompactBackup's spec. */
struct job_spec {
    const struct node *node; /* the spec that has all this */
    enum job_role role;
    struct storage storage;
    struct br br;
    struct text service_account, tool_image, priority_class_name;
    struct flag use_kms, automount_token;
    struct block env, tolerations, affinity, resources, pod_security_context, image_pull_secrets;
    struct block additional_volumes, additional_volume_mounts;
};

enum backup_role { ROLE_BACKUP, ROLE_SNAPSHOT_TEMPLATE, ROLE_LOG_TEMPLATE };

struct backup_spec {
    const struct node *node; /* NULL: absent */
    enum backup_role role;
    struct job_spec job;
    struct text backup_type, backup_mode, clean_policy, log_subcommand, storage_class_name, storage_size;
    struct flag log_stop;
    struct timestamp_field commit_ts, log_truncate_until;
    struct block table_filter;
    struct retry_policy retry;
    struct clean_option clean_option;
    struct text calc_size_level, tikv_gc_life_time, federal_phase; /* pingcap.com only, as the rest */
    struct block from, dumpling;
    struct text from_host, from_secret_name;
    bool is_log;      /* backupMode is log */
    bool is_snapshot; /* backupMode is snapshot, empty or absent; neither is set when it cannot be read */
};

struct compact_spec {
    const struct node *node;
    struct job_spec job;
    struct timestamp_field start_ts, end_ts;
    struct number concurrency, max_retry_times, shard_count;
    struct text mode, physical_file_cache_capacity, name, tikv_image;
};

struct schedule_spec {
    const struct node *node;
    struct text schedule;
    bool cron_ok;
    struct cron cron;
    struct flag pause;
    struct number max_backups;
    struct duration_field max_reserved_time, compact_interval, compact_span;
    struct timestamp_field min_compact_start_ts;
    struct backup_spec backup_template, log_backup_template;
    struct compact_spec compact_template;
    struct job_spec own; /* br and storage of the schedule itself */
    struct text storage_class_name, storage_size;
};

struct metadata {
    const struct node *node;
    struct text name, generate_name, namespace;
    struct block labels, annotations, finalizers, owner_references, managed_fields;
    struct text creation_timestamp, deletion_timestamp;
    bool deleting; /* deletionTimestamp has a value. A client can write one with server-side apply, so it
                      must not permit anything. */
};

/* status of a Backup as the operator writes it; read on update and delete. */
struct backup_status {
    const struct node *node;
    slice phase, backup_path;
    struct timestamp_field commit_ts, log_checkpoint_ts, log_success_truncate_until;
    const struct node *sub_statuses; /* logSubCommandStatuses, by command */
};

struct resource {
    enum api_group group;
    enum resource_kind kind;
    struct node *root; /* the tree it was decoded from: later passes flag its nodes and add defaults */
    struct metadata metadata;
    /* The spec of the object's kind; the others, and one that is missing or unusable, are empty (node is
     * NULL). */
    const struct backup_spec *backup;
    const struct schedule_spec *schedule;
    const struct compact_spec *compact;
    struct backup_status status;
    slice compact_state; /* CompactBackup.status.state */
};

/* Returns what the words of an apiVersion and a kind mean; both are ones that brgate knows. */
enum api_group api_group_of(slice group);
enum resource_kind resource_kind_of(slice kind);

/* Decodes the object in `root`, whose apiVersion and kind are known to be ours. The result lives in the arena and
 * refers to the tree. */
const struct resource *resource_decode(struct arena *a, enum api_group group, enum resource_kind kind,
                                       struct node *root);

/* The same, by the object's own apiVersion and kind; NULL when it is not one of ours. */
const struct resource *resource_of(struct arena *a, struct node *root);

/* As resource_decode(), without the spec: all three are empty. For callers that read many objects: it costs a tenth. */
struct resource resource_decode_head(enum api_group group, enum resource_kind kind, struct node *root);

/* Returns whether Dumpling makes the backup of `spec`, a Backup's spec or a template of one: TiDB Operator v1 uses
 * it when br is absent. */
bool backup_is_dumpling(enum api_group group, const struct node *spec);

/* Returns whether the field has a usable value other than the empty string. */
bool text_given(const struct text *t);
/* Returns whether the field is certainly empty: absent, or the empty string. */
bool text_empty(const struct text *t);
/* Returns whether the field's value is certain, even if empty: neither a placeholder nor a faulty value. */
bool text_known(const struct text *t);

const char *storage_type_name(enum storage_type t);         /* "s3" */
const struct node *storage_node(const struct storage *s);   /* of the block in use; NULL when there is none */
const struct text *storage_prefix(const struct storage *s); /* of the block in use; NULL when there is none */
const struct text *storage_bucket(const struct storage *s); /* container for azblob; NULL for local */
const struct text *storage_secret_name(const struct storage *s); /* NULL for local */

/* Returns where the block in use puts data. Texts are in `a` or in the block. */
struct location storage_location(struct arena *a, const struct storage *s);

/* Returns the member of the block that is one of the fields a location is made of, and its node (NULL when it is missing);
 * LOCATION_TYPE: no member, and the block. */
struct storage_member {
    const char *name;
    const struct node *node;
};
struct storage_member storage_member(const struct storage *s, enum location_field field);

#endif
