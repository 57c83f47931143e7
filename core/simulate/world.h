/* A small API server with garbage collection, in memory: what a reconciler needs of one.
 *
 * Objects are trees. Creating one applies the defaults of its kind (a Job's as Kubernetes 1.36 stores them, ours by the
 * CRDs' schemas). Deleting one that has finalizers only marks it. The caller sets the time. Objects that are stored are
 * copied. */
#ifndef BRGATE_WORLD_H
#define BRGATE_WORLD_H

#include "plan.h"
#include "schema.h"

/* What an object is found by; the owner is that of its first owner reference. */
struct world_key {
    slice kind, namespace, name, uid, owner_uid, owner_kind, owner_name;
    struct plan_head head; /* as it was read last */
    bool is_read;          /* the object has not changed since */
};

struct world {
    struct arena *arena;
    const struct schema_set *schemas;
    struct node **items;
    struct world_key *keys; /* of the items */
    size_t count, capacity, key_capacity;
    int64_t now;
    uint64_t next_uid; /* 0: every uid is "UID", as in the recorded histories */
    size_t creations, deletions;
    bool collects_later; /* what an object owns goes in world_collect(), not with the object */
};

/* Returns a world without objects, at that time (Unix seconds). */
struct world world_new(struct arena *a, const struct schema_set *schemas, int64_t now);

/* A copy that shares nothing with `w`. */
struct world world_copy(const struct world *w, struct arena *a);

/* A copy of an object, texts included. */
struct node *world_copy_object(struct arena *a, const struct node *n);

/* Returns the head of the item, which is read once for each change. */
const struct plan_head *world_head(struct world *w, size_t item);

/* Returns the object of that kind and name, for the caller to read or change; NULL when there is none. */
struct node *world_find(const struct world *w, const char *kind, slice namespace, slice name);
/* Stores the object as it is; it must be in the world's arena. */
void world_store(struct world *w, struct node *object);
/* Stores the object with its defaults; NULL when one of that name exists. */
struct node *world_create(struct world *w, const struct node *object);
/* Deletes the object, or marks it when finalizers hold it; false when it was deleted or changed since it was read. */
bool world_delete(struct world *w, const struct node *object);
/* Applies a JSON merge patch to an object in that arena. */
void world_merge(struct arena *a, struct node *object, const struct node *patch);

/* The same with propagationPolicy Foreground: the object stays, marked, until garbage collection finds no dependents. */
bool world_delete_in_foreground(struct world *w, const struct node *object);
/* What garbage collection does a moment later: it deletes what has no owner any more, and ends deletions in the foreground. */
void world_collect(struct world *w);

void world_touch(struct world *w, struct node *object); /* another client changed it */

/* The action's effect; false when the API server refuses it (AlreadyExists, NotFound, Conflict). */
bool world_do(struct world *w, const struct plan_action *action);

/* api_defaults.c: what the API server adds to a Job. */
void api_default_job(struct arena *a, struct node *job);

#endif
