/* A client that sends exactly the given bytes. */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int peer_dial(unsigned port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    close(fd);
    return -1;
}

static void note_fingerprint(struct peer *p)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(p->session, &count);
    unsigned char digest[32];
    if (!chain || !count || gnutls_hash_fast(GNUTLS_DIG_SHA256, chain[0].data, chain[0].size, digest) != 0)
        return;
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(p->fingerprint + 2 * i, 3, "%02x", digest[i]);
}

static bool shake_hands(struct peer *p, const struct peer_options *o)
{
    gnutls_init(&p->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
    gnutls_certificate_allocate_credentials(&p->credentials);
    if (o->certificate.n) {
        gnutls_datum_t certificate = {(unsigned char *)(uintptr_t)o->certificate.p,
                                      (unsigned)o->certificate.n};
        gnutls_datum_t key = {(unsigned char *)(uintptr_t)o->key.p, (unsigned)o->key.n};
        gnutls_certificate_set_x509_key_mem(p->credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
    }
    gnutls_credentials_set(p->session, GNUTLS_CRD_CERTIFICATE, p->credentials);
    gnutls_priority_set_direct(p->session, o->priority ? o->priority : "NORMAL", NULL);
    gnutls_server_name_set(p->session, GNUTLS_NAME_DNS, "localhost", 9);
    gnutls_transport_set_int(p->session, p->fd);
    gnutls_handshake_set_timeout(p->session, PATIENCE_S * 1000);
    int status;
    do
        status = gnutls_handshake(p->session);
    while (status < 0 && !gnutls_error_is_fatal(status));
    if (status < 0)
        return false;
    note_fingerprint(p);
    return true;
}

bool peer_open(struct peer *p, unsigned port, const struct peer_options *options)
{
    static const struct peer_options defaults;
    memset(p, 0, sizeof *p);
    p->fd = peer_dial(port);
    if (!options)
        options = &defaults;
    if (p->fd >= 0 && (options->plain || shake_hands(p, options)))
        return true;
    peer_close(p);
    return false;
}

void peer_close(struct peer *p)
{
    if (p->session)
        gnutls_deinit(p->session);
    if (p->credentials)
        gnutls_certificate_free_credentials(p->credentials);
    if (p->fd >= 0)
        close(p->fd);
    p->session = NULL;
    p->credentials = NULL;
    p->fd = -1;
}

bool peer_send(struct peer *p, slice bytes)
{
    while (bytes.n) {
        ssize_t sent = p->session ? gnutls_record_send(p->session, bytes.p, bytes.n)
                                  : send(p->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (p->session && sent < 0 && sent != GNUTLS_E_AGAIN && !gnutls_error_is_fatal((int)sent))
            continue;
        if (sent <= 0)
            return false;
        bytes = slice_from(bytes, (size_t)sent);
    }
    return true;
}

bool peer_send_raw(struct peer *p, slice bytes)
{
    while (bytes.n) {
        ssize_t sent = send(p->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes = slice_from(bytes, (size_t)sent);
    }
    return true;
}

/* More bytes; false at the end of the connection, orderly or not. */
static bool receive(struct peer *p)
{
    for (;;) {
        char *to = p->text + p->n;
        size_t room = sizeof p->text - p->n;
        ssize_t got = p->session ? gnutls_record_recv(p->session, to, room) : recv(p->fd, to, room, 0);
        if (p->session && got < 0 && got != GNUTLS_E_AGAIN && !gnutls_error_is_fatal((int)got))
            continue;
        if (got <= 0) /* the end, or no more patience */
            return false;
        p->n += (size_t)got;
        return true;
    }
}

static void consume(struct peer *p, size_t n)
{
    memmove(p->text, p->text + n, p->n - n);
    p->n -= n;
}

struct reply peer_reply(struct peer *p)
{
    struct reply r = {0};
    size_t end;
    while ((end = slice_find((slice){p->text, p->n}, LIT("\r\n\r\n"))) == SLICE_NONE)
        if (!receive(p))
            return r;
    snprintf(r.head + strlen(r.head), sizeof r.head - strlen(r.head), "%.*s\r\n", (int)end, p->text);
    consume(p, end + 4);
    int status = (int)strtol(strstr(r.head, " "), NULL, 10);
    if (status == 100) {
        struct reply last = peer_reply(p);
        memmove(last.head + strlen(r.head), last.head, strlen(last.head) + 1);
        memcpy(last.head, r.head, strlen(r.head));
        return last;
    }
    const char *length = strcasestr(r.head, "\r\nContent-Length:");
    size_t left = length ? strtoul(length + 17, NULL, 10) : 0;
    r.closing = strcasestr(r.head, "\r\nConnection: close") != NULL;
    while (left) {
        if (!p->n && !receive(p))
            return r; /* cut off: no status */
        size_t part = p->n < left ? p->n : left;
        size_t fits =
            sizeof r.body - 1 - (r.body_length < sizeof r.body - 1 ? r.body_length : sizeof r.body - 1);
        memcpy(r.body + r.body_length, p->text, part < fits ? part : fits);
        r.body_length += part;
        left -= part;
        consume(p, part);
    }
    r.status = status;
    return r;
}

bool peer_ended(struct peer *p)
{
    char byte;
    return p->n == 0 && !receive(p) &&
           (recv(p->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN);
}

struct reply peer_ask(unsigned port, const struct peer_options *options, slice bytes)
{
    struct peer p;
    struct reply r = {0};
    if (!peer_open(&p, port, options))
        return r;
    if (peer_send(&p, bytes))
        r = peer_reply(&p);
    peer_close(&p);
    return r;
}

slice peer_post(char *buffer, size_t size, const char *path, slice body)
{
    int n = snprintf(buffer, size,
                     "POST %s?timeout=10s HTTP/1.1\r\nHost: hook.ns.svc:443\r\n"
                     "User-Agent: kube-apiserver-admission\r\nContent-Length: %zu\r\n"
                     "Accept: application/json, */*\r\nContent-Type: application/json\r\n"
                     "Accept-Encoding: gzip\r\n\r\n%.*s",
                     path, body.n, FMT(body));
    return (slice){buffer, (size_t)n};
}
