/* Waiting for clients in the middle of a TLS handshake.
 *
 * libmicrohttpd 0.9.75 with epoll forgets that a handshake found nothing to read and tries again at once: one
 * client that sends the first byte of a handshake and no more takes a whole processor. So a connection that
 * waits for its client's part of the handshake is suspended, and a thread of ours resumes it when the bytes
 * that GnuTLS asked for are there. */
#ifndef BRGATE_HANDSHAKE_H
#define BRGATE_HANDSHAKE_H

#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdbool.h>

struct handshakes;

struct handshakes *handshakes_new(void); /* NULL when the system has no memory, threads or descriptors */
/* Resumes all and suspends no more; libmicrohttpd wants that before its daemon stops. */
void handshakes_end(struct handshakes *all);
void handshakes_free(struct handshakes *all); /* after the daemon has stopped; NULL is allowed */

/* One connection's part; zeroed by its owner. Must outlive the session. */
struct handshake {
    struct handshakes *all;
    struct MHD_Connection *mhd;
    gnutls_session_t session;
    int fd;
    bool over;                         /* the worker's: from now on libmicrohttpd's own waiting does */
    size_t wanted;                     /* bytes that GnuTLS asked for and are not there */
    struct handshake *next, *previous; /* of those that are suspended, under a lock */
};

/* Before the handshake, for a daemon that may suspend connections. */
void handshake_begin(struct handshake *h, struct handshakes *all, struct MHD_Connection *mhd,
                     gnutls_session_t session, int fd);
void handshake_over(struct handshake *h);

#endif
