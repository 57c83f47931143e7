/* Shared by the files of this layer: the plan under construction, and look-up of the observed objects. */
#ifndef BRGATE_PLANNING_H
#define BRGATE_PLANNING_H

#include "plan.h"
#include "tree.h"

struct planning {
    struct arena *arena;
    const struct resource *object;
    const struct observed *seen;
    const struct plan_head *const *heads; /* of what was seen */
    int64_t now;
    const struct plan_settings *settings;
    struct plan result;
    struct plan_action *last;
};

/* ---- the plan ---- */

/* plan.c: begins a plan for the resource. */
struct planning planning_of(struct arena *a, const struct resource *o, const struct observed *seen,
                            int64_t now, const struct plan_settings *settings);

/* Appends an action. */
void plan_act(struct planning *p, enum plan_verb verb, const struct node *object, slice why);
/* Sets what the plan waits for, and when to look again at the latest (0: only on a change). */
void plan_wait(struct planning *p, int64_t again, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void plan_look_again(struct planning *p, int64_t at); /* the earliest wins */

/* metadata.name and metadata.namespace of the resource. */
slice plan_name(const struct planning *p);
slice plan_namespace(const struct planning *p);
bool plan_v2(const struct planning *p);                /* br.pingcap.com */
slice plan_time(const struct planning *p, int64_t at); /* RFC 3339 */

/* Returns a merge patch of the resource, for the caller to fill. */
struct node *plan_patch(struct planning *p);

/* Adds an owner reference to `owner`, as its controller. */
void put_owner(struct arena *a, struct node *metadata, const struct resource *owner);

/* Copies the labels or annotations of `extra` (may be NULL) whose keys are not in `into` yet. */
void put_missing(struct arena *a, struct node *into, const struct node *extra);

/* The interval for checking conditions that no event announces: a missing Secret, a failed query. */
enum { LOOK_AGAIN_SECONDS = 60 };

/* ---- what was observed ---- */

/* The observed object of that kind, namespace and name; NULL: it was not observed. */
const struct node *seen_find(const struct planning *p, const char *kind, slice namespace, slice name);

/* A Job that the resource would create by that name. */
enum job_state {
    JOB_ABSENT,
    JOB_RUNNING,
    JOB_COMPLETE,
    JOB_FAILED,
    JOB_GOING,   /* it is being deleted, or Jobs cannot be seen */
    JOB_FOREIGN, /* another object controls it */
};
enum job_state seen_job(const struct planning *p, slice name, const struct node **ret_job);
enum job_state job_state_of(const struct node *job, slice controller_uid);
slice job_failure_reason(const struct node *job); /* "BackoffLimitExceeded" */

/* Returns a Pod of that Job that has not ended, so that no second one may begin; NULL if there is none. */
const struct node *seen_pod(const struct planning *p, slice job_name);
bool is_pod_of(const struct planning *p, const struct plan_head *h, slice job_name);

/* Waits for the Job: the plan's reason is `what`, and why its pod does not run if it does not. */
void plan_wait_job(struct planning *p, slice job_name, slice what);

/* Waits until the name is free: a Job of that name is being deleted (JOB_GOING) or belongs to another object
 * (JOB_FOREIGN). */
/* Returns true, and the plan waits, when the API server has just refused to create that very object. */
bool plan_refused(struct planning *p, const char *kind, slice name);
void plan_wait_blocked(struct planning *p, slice job_name, enum job_state state);

/* The TiDB cluster that the resource's br block names. */
struct cluster_facts {
    const char *problem; /* NULL: everything that a Job needs is known */
    bool hidden;         /* the host could not list the objects: the facts are unknown */
    bool waits;          /* it exists, but must not be worked on now */
    slice tikv_version, tikv_image, pd_address;
    slice
        client_secret; /* the Secret with the client certificate for PD and TiKV; it is there when there is TLS */
    bool tls, client_tls, skip_client_ca;
};
struct cluster_facts seen_cluster(const struct planning *p, const struct br *br);

#endif
