/* What to do next about a resource: decisions only.
 *
 * A host observes (the resource, the Jobs and children that belong to it, the cluster it names), asks plan(),
 * does the actions in their order, and observes again; when an action fails it stops there and observes
 * again. plan() opens nothing, reads no clock, keeps nothing between calls and is total: any resource and any
 * observed objects, old ones and half-written ones included, give a plan. Equal input gives an equal plan.
 *
 * Plans do what TiDB Operator does, so that its backup-manager pods and its users' tools continue to work: the same
 * Jobs, labels, arguments, conditions and finalizers, for both API groups. docs/RECONCILER.md lists the differences
 * and the reasons for them.
 *
 * Why a host may crash between any two actions: names are made from the resource and, for a run of a schedule,
 * from its scheduled time, so that doing an action again finds what the first attempt left. Deletions, patches
 * and statuses carry the resourceVersion of what was observed: on a conflict the host observes and plans again.
 * A finalizer is added before the first Job, and removed after the last.
 *
 * The observed objects may be out of date, with one exception: they must include everything that this host has created
 * until it has seen its deletion. If two hosts run at a time, they need a lease.
 *
 * Unknown is not absent: `unknown` names the kinds that the host could not list, and plan() creates and deletes nothing
 * that depends on them. */
#ifndef BRGATE_PLAN_H
#define BRGATE_PLAN_H

#include "model.h"
#include "zone.h"

/* Kinds that could not be listed. */
enum unknown_kind {
    UNKNOWN_JOBS = 1,
    UNKNOWN_CLUSTER = 2, /* Cluster, PDGroup, TiKVGroup; TidbCluster */
    UNKNOWN_SECRETS = 4,
    UNKNOWN_CHILDREN = 8, /* Backups and CompactBackups of a schedule, and those of its cluster */
    UNKNOWN_PODS = 16,
};

/* What the TiDB cluster itself says of a log backup's task: `br log status --task-name=NAME --json`, or the
 * keys below /tidb/br-stream in PD's etcd. */
struct log_task {
    bool known; /* the question was answered; an error of the query is no answer */
    bool found;
    bool paused;
    uint64_t start_ts, checkpoint; /* TSOs; 0: unknown */
    int64_t missing_since;         /* Unix seconds: how long every answer has been "not there"; 0: not */
    slice error;                   /* why TiKV paused it; may be empty */
};

/* The last creation that the API server refused permanently (not a conflict, not a timeout). */
struct refused {
    slice kind, name, message; /* name empty: there was none */
    bool terminating;          /* because the namespace is being deleted */
};

/* A child of a schedule: a Backup or a CompactBackup. */
enum child_state {
    CHILD_ACTIVE,   /* it runs, or is about to */
    CHILD_WAITS,    /* it has not begun: active, or stuck by now */
    CHILD_STUCK,    /* it should have begun so long ago that nothing waits for it any more */
    CHILD_COMPLETE, /* restorable: complete, and not being deleted */
    CHILD_FAILED,   /* failed or invalid */
    CHILD_GOING,    /* it is being deleted */
};

/* What plans compare again and again of an observed object. It holds until the object changes. */
struct plan_head {
    struct node *root;
    slice kind, api_version, namespace, name, controller; /* `controller`: plan_controller_uid() */
    bool is_child;                                        /* then the rest says more of it */
    bool is_log;
    enum child_state state; /* never CHILD_STUCK: that depends on the time */
    int64_t created;        /* Unix seconds; 0: not known */
    int64_t time;           /* its scheduled time, from the name; else its creation */
    uint64_t tso;           /* Backups: commitTs; complete compactions: how far it came. 0: not known */
    uint64_t until;         /* compactions: the end of the range. 0: not known */
};
/* Reads the head of an object; it refers to the tree. */
struct plan_head plan_head(struct node *root);
/* The heads of all items, in the arena. */
const struct plan_head *const *plan_heads(struct arena *a, struct node *const *items, size_t count);

struct observed {
    /* As the API server has them, in any order: the Jobs and Pods in the resource's namespace that it
     * controls, the cluster's objects, the Secrets it names (their data may be cut to the keys, but for
     * AZURE_STORAGE_ACCOUNT), and a schedule's children. Other objects are ignored. */
    struct node *const *items;
    /* Of each item, for a host that keeps them; NULL: the plan reads them itself. */
    const struct plan_head *const *heads;
    size_t count;
    unsigned unknown;
    struct log_task task;
    struct refused refused;
};

struct plan_settings {
    slice manager_image;     /* of the backup-manager pods; empty: the operator's own default */
    slice time_zone;         /* TZ of the operator's process, for its pods; empty: not set */
    const struct zone *zone; /* in which schedules are read; NULL: UTC */
};

enum plan_verb {
    PLAN_CREATE, /* `object`; AlreadyExists counts as done when the one that exists has our controller uid */
    PLAN_DELETE, /* `object` as it was observed, a Job in the foreground, others in the background */
    PLAN_PATCH,  /* `object` is a JSON merge patch with apiVersion, kind, namespace and name */
    PLAN_STATUS, /* `object` is the resource with its new status */
    /* Ask for the log_task of the resource, and plan again with the answer. `object` says where: pdAddress, and
     * tlsSecret when the cluster has TLS. Both are missing when the cluster's objects are. */
    PLAN_ASK,
};

struct plan_action {
    struct plan_action *next;
    enum plan_verb verb;
    const struct node *object;
    slice why;         /* one sentence without a full stop */
    const char *event; /* the reason of an Event for users of the resource; NULL: no Event */
};

struct plan {
    struct plan_action *first;
    size_t count;
    int64_t again; /* Unix seconds: when to look again though nothing changed; 0: only on a change */
    slice why;     /* the state and what the plan waits for, in one sentence */
    /* Of a schedule: since when a run is due that it makes, or would make if its cluster had no other; 0: none is. If
     * several schedules of a cluster have one, the earliest runs first. */
    int64_t due;
    bool secret; /* it waits for the Secret that the resource names, or for what that lacks: read it again */
};

/* Plans the next actions for a resource. `now` is in Unix seconds. Call it within arena_run(). Everything returned
 * lives in the arena, in the resource or in the observed objects. */
struct plan plan(struct arena *a, const struct resource *o, const struct observed *seen, int64_t now,
                 const struct plan_settings *settings);

/* Returns the plan for a resource that the gate denies. It says so in the status, if the CRD has conditions. `message` lives
 * as long as the plan. */
struct plan plan_denied(struct arena *a, const struct resource *o, slice message, int64_t now);

/* What monitoring needs to know about a schedule, or about a log Backup without one. Unix seconds; 0: it does not apply. */
struct plan_lag {
    int64_t
        overdue; /* of a schedule: the second due time after its newest complete backup. When it has passed, no
                         * backup has completed within the schedule's interval */
    int64_t checkpoint; /* of the log: up to here a restore is possible */
    int64_t paused;     /* since when the log backup is paused: after 24 hours it can only be stopped */
};
/* As plan(), for the same resource and objects. */
struct plan_lag plan_lag(struct arena *a, const struct resource *o, const struct observed *seen, int64_t now,
                         const struct plan_settings *settings);

/* Whether a Backup could hold back the runs of its cluster's schedules. A host may leave the others out of `items`, unless
 * they are the schedule's own. */
bool plan_is_open(const struct node *backup);

/* The uid of the reference that says controller: true; empty: none. */
slice plan_controller_uid(const struct node *object);

const char *plan_verb_word(enum plan_verb verb); /* "create" */

#endif
