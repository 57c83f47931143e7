/* One turn of one object: what it sees, and what is done about it. Internal to this layer. */
#ifndef BRGATE_MACHINE_TURN_H
#define BRGATE_MACHINE_TURN_H

#include "state.h"

struct turn {
    struct machine *m;
    struct item *item;
    const struct object *object;
    struct node *root;
    const struct resource *resource;
    slice denial; /* why the gate denies it; empty: it does not */
    struct observed seen;
    struct node **items; /* of `seen` */
    size_t capacity;
    struct plan plan;
};

/* Whether the gate lets the object be planned for. What has begun, and what is being deleted, is always let. Sets
 * `resource` and `denial`. */
void turn_judge(struct turn *t);

/* Collects what plan.h asks for, from the cache and from what the item remembers. */
void turn_observe(struct turn *t);

/* The key by which the cache knows the backups of the schedule's TiDB cluster. */
uint64_t turn_cluster(const struct turn *t);

/* The Secret that the object names; empty: none. */
slice turn_secret_name(const struct resource *o);

#endif
