/* The open connections of one daemon, and their deadlines.
 *
 * libmicrohttpd's timeout counts silence only: a client that sends one byte a second lives forever. Here every phase
 * has an absolute end, and a thread shuts the sockets that are overdue; libmicrohttpd then sees the end of the stream
 * and cleans up. When there is one too many, the newcomer is accepted and another connection is closed: crowd.h says
 * which, and what an honest client may rely on whatever others do. */
#ifndef BRGATE_CONNECTION_H
#define BRGATE_CONNECTION_H

#include "crowd.h"
#include "metrics.h"
#include "request.h"
#include "tls.h"
#include "transport.h"

#include <microhttpd.h>

struct connections;

struct connection {
    struct connection *next, *previous; /* older, newer; under the list's lock */
    struct connections *list;
    int fd;
    bool shut;                   /* by us; under the list's lock */
    bool unread;                 /* observed while there are too many connections; under the list's lock */
    atomic_uint_least64_t state; /* phase and its begin, packed: written by the worker, read by the sweeper */
    struct tls_hold tls;
    struct transport transport;
    struct request request; /* one at a time */
};

struct connection_limits {
    unsigned handshake, idle, request; /* milliseconds */
    unsigned most;                     /* connections at once */
};

/* `metrics` and `tls` may be NULL. NULL when the system has no memory or threads. */
struct connections *connections_new(const struct connection_limits *limits, struct metrics *m, struct tls *t);
/* The first is called before the daemon stops, the second after. */
void connections_end(struct connections *list);
void connections_free(struct connections *list);

/* For MHD_OPTION_NOTIFY_CONNECTION; `list` is the closure. */
void connections_notify(void *list, struct MHD_Connection *mhd, void **context,
                        enum MHD_ConnectionNotificationCode code);

/* NULL when there was no memory for it; the request must then be refused. */
struct connection *connection_of(struct MHD_Connection *mhd);
void connection_enter(struct connection *c, enum phase phase);

/* Memory for reviews has run out: shuts those that hold some and stall. */
void connections_shed(struct connections *list);

/* All places for answers are taken: shuts the connection that has to yield its place. False when there is none. */
bool connections_yield(struct connections *list);

unsigned connections_count(struct connections *list); /* open at the moment */

/* Whether a client waits: a request under way, a request in the socket's buffer, or a handshake or first
 * request of the last two seconds. */
bool connections_busy(struct connections *list);

#endif
