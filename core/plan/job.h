/* Builds Jobs as TiDB Operator does: their common parts, and their environment. */
#ifndef BRGATE_JOB_H
#define BRGATE_JOB_H

#include "planning.h"

/* Why a Job cannot be built now: a condition's reason (empty: it can) and its message. */
struct job_problem {
    slice reason, message;
};

/* A Job under construction: fill the lists, then call job_finish(). */
struct job {
    slice name;
    struct node *labels;                        /* the operator's own; the resource's are added */
    struct node *args, *env, *volumes, *mounts; /* of the main container */
    struct node *init_containers;
    slice container, image;
    bool has_command; /* /tidb-backup-manager: v2's image has no entrypoint for it */
    slice script;     /* not empty: what /bin/sh runs, with the arguments as its own */
    int64_t backoff_limit;
    bool on_failure; /* restartPolicy OnFailure */
    int64_t shards;  /* above 0: an Indexed Job; backoff_limit is then for each index */
};

/* An empty Job of that name with the operator's labels. */
struct job job_new(const struct planning *p, slice name);
/* One more argument of the main container. */
void job_arg(const struct planning *p, struct job *j, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds an environment variable with a value (none when empty), or from a Secret's key. Replaces one of the same
 * name. */
void job_env(const struct planning *p, struct job *j, const char *name, slice value);
void job_env_secret(const struct planning *p, struct job *j, const char *name, slice secret, const char *key);
/* Adds the storage's variables, in the operator's order; then, in v2, the volume of a GCS credential.
 * [tidb-operator v2: pkg/controllers/br/manager/util/util.go GenerateStorageCertEnv; v1: pkg/backup/util] */
struct job_problem job_env_storage(const struct planning *p, struct job *j, const struct job_spec *spec);
/* Adds spec.env; variables of the same name are replaced in place. */
void job_env_own(const struct planning *p, struct job *j, const struct job_spec *spec);
/* Adds TZ of the operator's process, unless it is set already. */
void job_env_zone(const struct planning *p, struct job *j);

/* These add volumes, and mount them in the main container. */
void job_mount_secret(const struct planning *p, struct job *j, const char *volume, slice secret,
                      const char *path);
void job_mount_empty(const struct planning *p, struct job *j, const char *volume, const char *path);
void job_mount_additional(const struct planning *p, struct job *j, const struct job_spec *spec);
void job_mount_local(const struct planning *p, struct job *j, const struct job_spec *spec);

/* Adds an init container that copies a tool out of its image; `mounts` are copied. */
void job_copy_tool(const struct planning *p, struct job *j, const struct job_spec *spec, const char *tool,
                   slice image, const char *to, const struct node *mounts);

/* Waits until the Backup's Job can be built, which may be when its Secret changes: `what` begins the sentence that says
 * why it cannot. */
void job_wait(struct planning *p, const char *what, struct job_problem problem);

/* Returns the complete Job. */
struct node *job_finish(const struct planning *p, struct job *j, const struct job_spec *spec);

/* Returns the image of the backup-manager pods: that of the settings, or of the operators' newest charts. */
slice job_manager_image(const struct planning *p);

/* Returns `image`, or the default one, with the version as tag if it has none. */
slice job_tool_image(const struct planning *p, const struct text *image, slice version);

#endif
