/* The plain port for probes and metrics: /livez, /readyz, /metrics. */
#ifndef BRGATE_HEALTH_H
#define BRGATE_HEALTH_H

#include "connection.h"

struct health;

/* What it reports about; must outlive it. */
struct health_source {
    struct service *service;
    struct connections *connections;
    struct tls *tls;
    atomic_bool *accepting; /* the HTTPS port takes connections */
};

/* `fd` listens, and is owned by the daemon when this succeeds. NULL when it cannot start. */
struct health *health_start(const struct health_source *source, int fd);
void health_stop(struct health *h); /* NULL is allowed */

#endif
