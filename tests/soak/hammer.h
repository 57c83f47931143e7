/* Clients that send reviews without a pause and count what goes wrong. */
#ifndef BRGATE_HAMMER_H
#define BRGATE_HAMMER_H

#include "slice.h"

#include <pthread.h>
#include <stdatomic.h>

struct hammer {
    pthread_t thread;
    unsigned port;
    slice message;     /* a whole request */
    bool dials;        /* a connection for each review */
    atomic_bool *stop; /* NULL: until no server listens any more */
    atomic_size_t answered, failed;
};

/* `count` of them, every second of which dials. */
void hammers_start(struct hammer *h, size_t count, unsigned port, slice message, atomic_bool *stop);
/* Joins them; the numbers are their sums. */
void hammers_join(struct hammer *h, size_t count, size_t *ret_answered, size_t *ret_failed);

#endif
