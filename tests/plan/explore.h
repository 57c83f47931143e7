/* All states that a small world can get into, breadth first, by the real core: each plan is carried out completely, or cut
 * off after each of its actions; every Job ends in every way; people do all that they may do. */
#ifndef BRGATE_TEST_EXPLORE_H
#define BRGATE_TEST_EXPLORE_H

#include "pods.h"

struct explorer;

struct space {
    const char *objects; /* a JSON array */
    int64_t begin, end;  /* Unix seconds; time moves in steps up to the end */
    int64_t step;
    size_t most; /* states; the search ends there */
    /* Does the nth thing that a person may do, from 0 on. Returns false when there are no more; *ret_done says whether it
     * was possible. */
    bool (*person)(struct explorer *e, unsigned number, bool *ret_done);
    /* The conditions before an action, and after each change. */
    void (*before)(struct explorer *e, const struct plan_action *x);
    void (*after)(struct explorer *e);
    bool clock_held; /* it settles without time passing */
};

struct explorer {
    const struct space *space;
    const struct schema_set *schemas;
    struct arena *arena, *scratch, *kept; /* of a world, of a plan, of all states */
    struct world world;
    struct cluster_log log;
    char broken[600]; /* the first condition that did not hold; empty: all did */
    size_t states, changes, settled;
    bool whole; /* there are no more states */
};

/* Runs the search within arena_run() of all three arenas. */
void explore(struct explorer *e);

void explore_broken(struct explorer *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
