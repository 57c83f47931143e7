/* The bytes between a client's socket and GnuTLS: waiting for them in a handshake, counting them, and sending an answer
 * at once.
 *
 * Waiting: libmicrohttpd 0.9.75 with epoll forgets that a handshake found nothing to read and tries again at once, so
 * that one client that sends the first byte of a handshake and no more takes a whole processor. A connection that waits
 * for its client's part of the handshake is therefore suspended, and a thread of ours resumes it when the bytes that
 * GnuTLS asked for are there.
 *
 * Counting: GnuTLS 3.7.9 compares the length of a handshake message with its limit only when the message is complete
 * (up to 16 MiB), after the handshake too in TLS 1.3, and there it keeps every empty handshake record as a buffer of 17
 * KiB. So what a client may send without making progress has a limit here, and a client that exceeds it is cut off.
 * Progress is the end of the handshake, and whatever libmicrohttpd tells us about a request: its first line, its
 * complete headers, a part of its body.
 *
 * Sending: with TLS libmicrohttpd sends the headers of an answer and then its body, a system call each. The headers of
 * a review's answer are held back until the body follows, a moment later on the same thread. */
#ifndef BRGATE_TRANSPORT_H
#define BRGATE_TRANSPORT_H

#include "metrics.h"

#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdbool.h>

enum {
    /* The longest chain of client certificates that we look at takes 16 KiB (eight of 2 KiB); the API server's
     * headers take less than 1 KiB, and a record of the body behind them 16 KiB. */
    TRANSPORT_MOST_BYTES = 32 << 10,
    /* After the handshake, in which each message may be a record of its own. Clients send the headers of a
     * request in one record or two. */
    TRANSPORT_MOST_RECORDS = 8,
    TRANSPORT_HEAD_BYTES = 512, /* a record with the headers of an answer, which take less than 200 */
};

struct handshakes;

struct handshakes *handshakes_new(void); /* NULL when the system has no memory, threads or descriptors */
/* Resumes all and suspends no more; libmicrohttpd requires that before its daemon stops. */
void handshakes_end(struct handshakes *all);
void handshakes_free(struct handshakes *all); /* after the daemon has stopped; NULL is allowed */

/* One connection's part; zeroed by its owner. Must outlive the session. Everything but the list of suspended
 * connections belongs to the worker that serves the connection. */
struct transport {
    struct handshakes *all;
    struct metrics *metrics;
    struct MHD_Connection *mhd;
    gnutls_session_t session;
    int fd;
    bool handshake_done;               /* from now on libmicrohttpd's own waiting does */
    size_t bytes, reads;               /* since the last progress; reads that brought all asked for */
    size_t wanted;                     /* bytes that GnuTLS asked for and are not there */
    struct transport *next, *previous; /* of those that are suspended, under a lock */
    bool holding;                      /* the next record is held back: another one follows it */
    size_t held_size;
    char held[TRANSPORT_HEAD_BYTES];
};

/* Before the handshake, for a daemon that may suspend connections. `m` may be NULL. */
void transport_begin(struct transport *t, struct handshakes *all, struct metrics *m,
                     struct MHD_Connection *mhd, gnutls_session_t session, int fd);
void transport_handshake_done(struct transport *t); /* the handshake is complete */
void transport_progress(struct transport *t);       /* the client has made progress */

/* The next record has the headers of an answer, and a record with its body follows. */
void transport_answer_begins(struct transport *t);

#endif
