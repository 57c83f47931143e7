/* Performs a handshake between a client and a server through memory. */
#include "tls_selftest.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIRE_BYTES = 160 << 10, /* a flight with the longest chain that a certificate file of 1 MiB may hold */
    MOST_TURNS = 16,        /* a full handshake of TLS 1.2 takes four */
};

struct wire {
    size_t n;
    char bytes[WIRE_BYTES];
};

/* One side; `to` is the other's `from`. */
struct side {
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    struct wire *from, *to;
    int result;
};

struct stage {
    struct side client, server;
    gnutls_pcert_st *chain;
    unsigned count;
    gnutls_privkey_t key;
    struct wire up, down;
};

static ssize_t push(gnutls_transport_ptr_t context, const void *bytes, size_t size)
{
    struct side *side = context;
    struct wire *to = side->to;
    if (size > WIRE_BYTES - to->n) {
        gnutls_transport_set_errno(side->session, EMSGSIZE);
        return -1;
    }
    memcpy(to->bytes + to->n, bytes, size);
    to->n += size;
    return (ssize_t)size;
}

static ssize_t pull(gnutls_transport_ptr_t context, void *bytes, size_t size)
{
    struct side *side = context;
    struct wire *from = side->from;
    if (!from->n) {
        gnutls_transport_set_errno(side->session, EAGAIN);
        return -1;
    }
    size_t n = size < from->n ? size : from->n;
    memcpy(bytes, from->bytes, n);
    from->n -= n;
    memmove(from->bytes, from->bytes + n, from->n);
    return (ssize_t)n;
}

static int retrieve(gnutls_session_t session, const gnutls_datum_t *ca_names, int ca_count,
                    const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **ret_chain,
                    unsigned *ret_count, gnutls_privkey_t *ret_key)
{
    (void)ca_names, (void)ca_count, (void)algorithms, (void)algorithm_count;
    const struct stage *s = gnutls_session_get_ptr(session);
    *ret_chain = s->chain;
    *ret_count = s->count;
    *ret_key = s->key;
    return 0;
}

static int prepare(struct stage *s, struct side *side, unsigned role)
{
    int error = gnutls_init(&side->session, role | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS);
    if (error == 0)
        error = gnutls_certificate_allocate_credentials(&side->credentials);
    if (error == 0)
        error = gnutls_credentials_set(side->session, GNUTLS_CRD_CERTIFICATE, side->credentials);
    if (error != 0)
        return error;
    gnutls_session_set_ptr(side->session, s);
    gnutls_transport_set_ptr(side->session, side);
    gnutls_transport_set_push_function(side->session, push);
    gnutls_transport_set_pull_function(side->session, pull);
    side->result = GNUTLS_E_AGAIN;
    return 0;
}

static bool under_way(const struct side *side)
{
    return side->result < 0 && !gnutls_error_is_fatal(side->result);
}

/* The server's reason says more: the client only sees that there is no answer. */
static int play(struct stage *s)
{
    for (int turn = 0; turn < MOST_TURNS && (under_way(&s->client) || under_way(&s->server)); turn++) {
        if (under_way(&s->client))
            s->client.result = gnutls_handshake(s->client.session);
        if (under_way(&s->server))
            s->server.result = gnutls_handshake(s->server.session);
        if (gnutls_error_is_fatal(s->client.result) || gnutls_error_is_fatal(s->server.result))
            break;
    }
    return gnutls_error_is_fatal(s->server.result) ? s->server.result : s->client.result;
}

static void leave(struct side *side)
{
    if (side->session)
        gnutls_deinit(side->session);
    if (side->credentials)
        gnutls_certificate_free_credentials(side->credentials);
}

int tls_selftest(gnutls_pcert_st *chain, unsigned count, gnutls_privkey_t key, const char *priority)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return GNUTLS_E_MEMORY_ERROR;
    s->chain = chain;
    s->count = count;
    s->key = key;
    s->client.to = s->server.from = &s->up;
    s->client.from = s->server.to = &s->down;
    int error = prepare(s, &s->server, GNUTLS_SERVER);
    if (error == 0)
        error = prepare(s, &s->client, GNUTLS_CLIENT);
    if (error == 0) {
        gnutls_certificate_set_retrieve_function2(s->server.credentials, retrieve);
        if (gnutls_priority_set_direct(s->server.session, priority, NULL) == 0 &&
            gnutls_priority_set_direct(s->client.session, priority, NULL) == 0)
            error = play(s);
    }
    leave(&s->client);
    leave(&s->server);
    free(s);
    return error;
}
