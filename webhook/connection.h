/* The open connections of one daemon, and their deadlines.
 *
 * libmicrohttpd's timeout counts silence only: a client that sends one byte a second lives for ever. Here
 * every phase has an absolute end, and a thread shuts the sockets that are overdue; libmicrohttpd then sees
 * the end of the stream and cleans up. When there is one too many, the newcomer is let in and another one
 * goes: however many clients dawdle, one that has something to say gets through. */
#ifndef BRGATE_CONNECTION_H
#define BRGATE_CONNECTION_H

#include "metrics.h"
#include "request.h"
#include "tls.h"
#include "transport.h"

#include <microhttpd.h>

enum phase {
    PHASE_HANDSHAKE, /* accepted, TLS not finished */
    PHASE_IDLE,      /* waiting for a request line */
    PHASE_REQUEST,   /* from the request line to the end of the answer */
};

struct connections;

struct connection {
    struct connection *next, *previous; /* older, newer; under the list's lock */
    struct connections *list;
    int fd;
    bool shut;                   /* by us; under the list's lock */
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
/* Before the daemon stops, and after it has. */
void connections_end(struct connections *list);
void connections_free(struct connections *list);

/* For MHD_OPTION_NOTIFY_CONNECTION; `list` is the closure. */
void connections_notify(void *list, struct MHD_Connection *mhd, void **context,
                        enum MHD_ConnectionNotificationCode code);

/* NULL when there was no memory for it; the request must then be refused. */
struct connection *connection_of(struct MHD_Connection *mhd);
void connection_enter(struct connection *c, enum phase phase);

/* Memory or places have run out: shuts those whose request has waited for its client for more than a
 * second. */
void connections_shed(struct connections *list);

unsigned connections_count(struct connections *list);

/* Whether a client waits: a request under way, a request in the socket's buffer, or a handshake or first
 * request of the last two seconds. */
bool connections_busy(struct connections *list);

#endif
