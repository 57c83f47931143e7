/* A history recorded from a real operator, played to the core: the object and the facts of its cluster go into
 * a model API server, the core plans until it has nothing more to do, and what then exists is compared with
 * what the operator had made. The format is described in README.md. */
#ifndef BRGATE_TEST_HISTORY_H
#define BRGATE_TEST_HISTORY_H

#include "world.h"

#include <stdio.h>

enum subject {
    SUBJECT_V2_SNAPSHOT_JOB,
    SUBJECT_V2_LOG_JOB,
    SUBJECT_V2_STOP_JOB,
    SUBJECT_V2_CLEAN_JOB,
    SUBJECT_V1_BR_JOB,
    SUBJECT_V1_EXPORT_JOB,
    SUBJECT_V1_CLEAN_JOB,
    SUBJECT_V1_COMPACT_JOB,
    SUBJECT_V1_CHILD,
    SUBJECT_NO_JOB, /* the operator made none */
    SUBJECT_STATUS,
    SUBJECT_FINALIZERS,
    SUBJECT_GONE, /* the object went, or stayed */
    SUBJECT_COUNT
};

enum { MOST_DIFFERENCES = 30 };

struct tally {
    size_t histories, refused, unplayed; /* steps that the player does not know */
    size_t equal[SUBJECT_COUNT], meant[SUBJECT_COUNT], unequal[SUBJECT_COUNT];
    size_t by_difference[MOST_DIFFERENCES];
};

/* A difference that is meant: a fault of the operator that is not repeated, or one of the recording. */
struct difference {
    const char *name, *reason;
};
extern const struct difference differences[];
extern const size_t difference_count;

/* Plays the file's text; differences that are not listed as meant are printed to `out`. */
void history_play(struct arena *a, const struct schema_set *schemas, const char *name, slice bytes,
                  struct tally *tally, FILE *out);

void tally_print(const struct tally *t, FILE *out);
bool tally_clean(const struct tally *t); /* nothing unequal, nothing unplayed, and at least one history */

/* compare.c: the path of the first difference between what is stored and what was recorded; empty: none. */
slice first_difference(struct arena *a, const struct node *ours, const struct node *recorded);

#endif
