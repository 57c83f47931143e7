/* What /readyz and /metrics report: the controller's thread writes it, the port's thread reads it. Internal to this
 * layer. */
#ifndef BRGATE_METERS_H
#define BRGATE_METERS_H

#include "kube.h"
#include "machine.h"

#include <pthread.h>

enum { METERS_DENIED = 6 };

struct meters {
    pthread_mutex_t lock;
    int64_t started_at; /* Unix seconds */
    enum machine_state state;
    uint64_t counts[MACHINE_COUNT_COUNT];
    uint64_t denied[METERS_DENIED]; /* objects, by group and kind */
    uint64_t requests[MACHINE_VERB_COUNT][KUBE_OUTCOME_COUNT];
    uint64_t watches; /* open */
    uint64_t log_lines_dropped;
    struct arena *lags;    /* of `lag_text` */
    slice lag_text;        /* samples of single objects */
    uint64_t lags_dropped; /* samples that it has no room for */
    uint64_t lags_at;      /* when they were written, in milliseconds */
};

/* Sets all to zero and starts counting; meters_close() ends it. */
void meters_open(struct meters *m);
void meters_close(struct meters *m);

/* The controller's thread: counts an answer of the API server, and copies what a look at the machine shows. */
void meters_answer(struct meters *m, enum machine_verb verb, enum kube_outcome outcome);
void meters_look(struct meters *m, const struct machine *machine, size_t watches, uint64_t log_lines_dropped);

/* For the health port; the context is the meters. */
const char *meters_not_ready(void *context);
void meters_put(void *context, struct buf *b);

#endif
