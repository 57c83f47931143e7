/* One turn of one object: what it sees and what it does. Internal to this layer. */
#ifndef BRGATE_MACHINE_TURN_H
#define BRGATE_MACHINE_TURN_H

#include "state.h"

struct turn {
    struct machine *m;
    struct item *item;
    const struct object *object;
    struct node *root;
    const struct resource *resource;
    slice denial;          /* why the gate denies it; empty: it does not */
    const char *denied_by; /* the rule, or "RULE" when there are several */
    struct observed seen;
    struct node **items; /* of `seen` */
    size_t capacity;
    struct plan plan;
};

/* Returns whether the gate allows planning for the object. It always allows objects whose work has begun and objects that
 * are being deleted. Sets `resource`, `denial` and `denied_by`. */
void turn_judge(struct turn *t);

/* Collects what plan.h asks for, from the cache and from what the item remembers. */
void turn_observe(struct turn *t);

/* The key by which the cache knows the backups of the schedule's TiDB cluster. */
uint64_t turn_cluster(const struct turn *t);

/* Writes the names of the Secrets that the object's Jobs need; returns how many. */
size_t turn_secret_names(const struct resource *o, slice ret[MOST_SECRETS]);

/* Returns what is remembered of the Secret; NULL when it was never read. */
const struct seen_secret *turn_secret(const struct item *i, slice name);

#endif
