/* Asks a TLS server for its certificate. Nothing is verified here: the caller wants to see what the server presents. */
#include "certs.h"

#include "num.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_S = 5, CHAIN_BYTES = 1 << 20, PORT_MOST = 65535 };

static int dial(struct arena *a, slice host, slice port, struct error *reterr)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int code = getaddrinfo(arena_cstr(a, host), arena_cstr(a, port), &hints, &found), fd = -1, error = 0;
    if (code != 0) {
        error_set(reterr, "%.*s: %s", FMT(host), gai_strerror(code));
        return -1;
    }
    struct timeval patience = {.tv_sec = PATIENCE_S};
    for (struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (connect(fd, at->ai_addr, at->ai_addrlen) == 0)
            break;
        error = errno == EINPROGRESS ? ETIMEDOUT : errno;
        close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    if (fd < 0)
        error_set(reterr, "%.*s:%.*s: %s", FMT(host), FMT(port), strerror(error));
    return fd;
}

static slice chain_of(struct arena *a, gnutls_session_t session)
{
    unsigned count = 0;
    const gnutls_datum_t *raw = gnutls_certificate_get_peers(session, &count);
    struct buf b = buf_new(a, CHAIN_BYTES);
    for (unsigned i = 0; raw && i < count; i++) {
        gnutls_datum_t pem;
        if (gnutls_pem_base64_encode2("CERTIFICATE", &raw[i], &pem) != 0)
            break;
        buf_put(&b, (slice){(const char *)pem.data, pem.size});
        gnutls_free(pem.data);
    }
    return buf_slice(&b);
}

/* The certificate is known before the end of the handshake, which a server that requires a client certificate may
 * refuse. */
static slice shake_hands(struct arena *a, int fd, slice name, struct error *reterr)
{
    gnutls_session_t session;
    gnutls_certificate_credentials_t nothing;
    if (gnutls_init(&session, GNUTLS_CLIENT) != 0)
        arena_exhausted(a);
    if (gnutls_certificate_allocate_credentials(&nothing) != 0) {
        gnutls_deinit(session);
        arena_exhausted(a);
    }
    gnutls_set_default_priority(session);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, nothing);
    if (name.n)
        gnutls_server_name_set(session, GNUTLS_NAME_DNS, name.p, name.n);
    gnutls_transport_set_int(session, fd);
    gnutls_handshake_set_timeout(session, PATIENCE_S * 1000);
    int code;
    do
        code = gnutls_handshake(session);
    while (code < 0 && !gnutls_error_is_fatal(code) && code != GNUTLS_E_AGAIN);
    slice chain = chain_of(a, session);
    if (!chain.n)
        error_set(reterr, "no TLS: %s", gnutls_strerror(code));
    gnutls_deinit(session);
    gnutls_certificate_free_credentials(nothing);
    return chain;
}

bool certs_peer(struct arena *a, const char *address, slice name, slice *ret_chain, struct error *reterr)
{
    struct error why;
    slice s = slice_of(address);
    size_t colon = s.n;
    while (colon && s.p[colon - 1] != ':')
        colon--;
    slice host = slice_cut(s, 0, colon ? colon - 1 : s.n), port = colon ? slice_from(s, colon) : LIT("443");
    if (slice_starts(host, LIT("[")) && slice_ends(host, LIT("]")))
        host = slice_cut(host, 1, host.n - 2);
    uint64_t number;
    if (!host.n || !num_u64(port, &number) || number < 1 || number > PORT_MOST)
        return error_set(reterr, "--server %s: expected HOST:PORT, with a port from 1 to %d", address,
                         PORT_MOST);
    int fd = dial(a, host, port, reterr);
    if (fd < 0)
        return false;
    *ret_chain = shake_hands(a, fd, name, &why);
    close(fd);
    if (!ret_chain->n)
        error_set(reterr, "%s: %s", address, why.text);
    return ret_chain->n;
}
