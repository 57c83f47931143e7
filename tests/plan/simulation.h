/* A cluster that lives: schedules, their children, Jobs with pods that report or die, log backups that advance.
 * The core is asked again and again, and what it plans is done, lost, or done without an answer, on fresh views
 * and on old ones. After every action the invariants are checked. Everything follows from a seed. */
#ifndef BRGATE_TEST_SIMULATION_H
#define BRGATE_TEST_SIMULATION_H

#include "pods.h"

struct dice;

enum { MOST_NAMES = 4096, WHY_BYTES = 400, MOST_CLOCK_ERROR = 120 /* seconds, of a host */ };

struct simulation {
    struct world world;
    struct world before;     /* an older view of it */
    struct arena *arenas[2]; /* the world moves from one to the other, so that nothing piles up */
    unsigned arena_used;
    struct arena *scratch; /* of one plan */
    uint64_t dice;
    bool faults;
    struct cluster_log log;  /* of cluster "other" */
    char *names[MOST_NAMES]; /* every Backup that was ever made */
    size_t name_count;
    uint64_t truncated;
    int64_t interfered;     /* when a person last deleted a run */
    char broken[WHY_BYTES]; /* the first invariant that did not hold; empty: all did */
    size_t plans, actions, runs, deletions;
};

bool simulation_open(struct simulation *s, const struct schema_set *schemas, uint64_t seed);
void simulation_close(struct simulation *s);

/* Lets so much time pass. */
void simulation_run(struct simulation *s, int64_t seconds);
/* Plans for everything until nothing is left to do, with the clock held; false when that does not end. */
bool simulation_rests(struct simulation *s);

/* The complete snapshots of that schedule. */
size_t simulation_complete(const struct simulation *s, slice schedule);

/* invariants.c: what must hold before and after an action. */
void invariants_before(struct simulation *s, const struct plan_action *x);
void invariants_after(struct simulation *s, const struct plan_action *x, bool done);
/* A person has deleted that run. Making it again breaks no invariant, nor does a deletion that was decided a moment before
 * or, while a watch hangs, up to two minutes later. */
void invariants_forget_run(struct simulation *s, slice name);
/* Whether the namespace is being deleted: it takes no new object then, and what it has goes. */
bool namespace_is_ending(const struct world *w, slice namespace);
void invariant_broken(struct simulation *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* chance.c: Jobs make progress, and people interfere. */
void pods_work(struct simulation *s);

unsigned simulation_dice(struct simulation *s, unsigned below);

#endif
