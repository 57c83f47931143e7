/* The other side of a connection, byte by byte: a client for tests. It verifies no certificate and checks nothing by
 * itself; every wait ends after PATIENCE_S, which is far beyond what any test expects. */
#ifndef BRGATE_PEER_H
#define BRGATE_PEER_H

#include "slice.h"

#include <gnutls/gnutls.h>

enum { PATIENCE_S = 20 };

struct peer_options {
    bool plain;             /* no TLS */
    slice certificate, key; /* of the client; empty: none */
    const char *priority;   /* NULL: GnuTLS's default */
};

struct peer {
    int fd;
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    char fingerprint[65]; /* of the server's certificate, hex SHA-256 */
    char text[8192];      /* received and not yet read as a reply */
    size_t n;
};

struct reply {
    int status;   /* 0: the connection ended instead */
    bool closing; /* "Connection: close" */
    char head[2048], body[4096];
    size_t body_length; /* what is beyond `body` is counted only */
};

int peer_dial(unsigned port); /* a TCP connection to 127.0.0.1, or -1 */

/* False when the connection or the handshake fails. */
bool peer_open(struct peer *p, unsigned port, const struct peer_options *options);
void peer_close(struct peer *p);

bool peer_send(struct peer *p, slice bytes);
bool peer_send_raw(struct peer *p, slice bytes); /* past TLS, if there is any */
struct reply peer_reply(struct peer *p);         /* skips "100 Continue" after noting it in the head */
bool peer_ended(struct peer *p);                 /* waits for the server to close; false when it says more */

/* One request on a connection of its own. */
struct reply peer_ask(unsigned port, const struct peer_options *options, slice bytes);

/* POST with a body, as the API server sends it. */
slice peer_post(char *buffer, size_t size, const char *path, slice body);

#endif
