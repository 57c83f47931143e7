/* The plain port for probes and metrics: /livez, /readyz, /metrics. */
#ifndef BRGATE_HEALTH_H
#define BRGATE_HEALTH_H

#include "buf.h"

struct health;

/* What it reports; both are called on the port's own thread. */
struct health_source {
    void *context;
    const char *(*not_ready)(void *context); /* why, one line that lives forever; NULL: ready */
    void (*metrics)(void *context, struct buf *b);
};

/* `fd` listens, and is owned by the daemon when this succeeds. NULL when it cannot start. */
struct health *health_start(const struct health_source *source, int fd);
void health_stop(struct health *h); /* NULL is allowed */

#endif
