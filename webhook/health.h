/* The plain port for probes and metrics: /livez, /readyz, /metrics. */
#ifndef BRGATE_HEALTH_H
#define BRGATE_HEALTH_H

#include "buf.h"

struct health;

/* Where the port gets what it reports; both functions are called on its own thread. */
struct health_source {
    void *context;
    const char *(*not_ready)(void *context); /* the reason, one static line; NULL: ready */
    void (*metrics)(void *context, struct buf *b);
};

/* `fd` listens, and is owned by the daemon when this succeeds. NULL when it cannot start. */
struct health *health_start(const struct health_source *source, int fd);
void health_stop(struct health *h); /* NULL is allowed */

#endif
