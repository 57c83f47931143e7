/* One thread, one epoll set, GnuTLS as the client. */
#include "load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WARM_UP_SHARE = 10 };

struct client {
    int fd;
    gnutls_session_t session;
    uint64_t sent_at;
    size_t got, want; /* bytes of the answer; want 0: the head is not complete */
    char answer[16 << 10];
};

struct run {
    const struct load *load;
    struct client *clients;
    gnutls_certificate_credentials_t credentials;
    int epoll;
    size_t started, finished, failures, to_do;
    uint64_t *latencies; /* NULL while warming up */
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static bool client_open(struct run *r, struct client *c)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)r->load->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, status;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(c->fd, (struct sockaddr *)&at, sizeof at) != 0)
        return false;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
    gnutls_priority_set_direct(c->session, "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL);
    gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, r->credentials);
    gnutls_server_name_set(c->session, GNUTLS_NAME_DNS, "localhost", 9);
    gnutls_transport_set_int(c->session, c->fd);
    do
        status = gnutls_handshake(c->session);
    while (status < 0 && !gnutls_error_is_fatal(status));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    return status == 0 && epoll_ctl(r->epoll, EPOLL_CTL_ADD, c->fd, &event) == 0;
}

/* A request fits the socket's buffer, so that it goes out at once. */
static bool client_send(struct run *r, struct client *c)
{
    c->got = c->want = 0;
    c->sent_at = now_ns();
    r->started++;
    for (size_t sent = 0; sent < r->load->message_size;) {
        ssize_t n = gnutls_record_send(c->session, r->load->message + sent, r->load->message_size - sent);
        if (n > 0)
            sent += (size_t)n;
        else if (gnutls_error_is_fatal((int)n))
            return false;
    }
    return true;
}

/* Finds the length of the whole answer once its head is there. */
static bool parse_head(struct client *c)
{
    char *end = memmem(c->answer, c->got, "\r\n\r\n", 4);
    if (!end)
        return true;
    char *length = memmem(c->answer, (size_t)(end - c->answer), "Content-Length: ", 16);
    if (!length)
        return false;
    c->want = (size_t)(end - c->answer) + 4 + strtoul(length + 16, NULL, 10);
    return c->want <= sizeof c->answer;
}

static bool client_receive(struct run *r, struct client *c)
{
    for (;;) {
        ssize_t n = gnutls_record_recv(c->session, c->answer + c->got, sizeof c->answer - c->got);
        if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
            return true;
        if (n <= 0)
            return false;
        c->got += (size_t)n;
        if (!c->want && !parse_head(c))
            return false;
        if (!c->want || c->got < c->want)
            continue;
        if (r->latencies)
            r->latencies[r->finished] = now_ns() - c->sent_at;
        if (memcmp(c->answer, "HTTP/1.1 200", 12) != 0)
            r->failures++;
        r->finished++;
        if (r->started < r->to_do && !client_send(r, c))
            return false;
    }
}

static bool do_requests(struct run *r, size_t count)
{
    r->started = r->finished = 0;
    r->to_do = count;
    for (unsigned i = 0; i < r->load->connections && r->started < count; i++)
        if (!client_send(r, &r->clients[i]))
            return false;
    while (r->finished < count) {
        struct epoll_event events[64];
        int n = epoll_wait(r->epoll, events, 64, 10000);
        if (n <= 0)
            return false;
        for (int i = 0; i < n; i++)
            if (!client_receive(r, events[i].data.ptr))
                return false;
    }
    return true;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool run(struct run *r, void (*measure)(void *), void *closure, struct load_result *ret)
{
    for (unsigned i = 0; i < r->load->connections; i++)
        if (!client_open(r, &r->clients[i]))
            return false;
    if (!do_requests(r, r->load->requests / WARM_UP_SHARE + r->load->connections))
        return false;
    r->failures = 0;
    r->latencies = calloc(r->load->requests, sizeof *r->latencies);
    measure(closure);
    uint64_t begin = now_ns();
    bool done = r->latencies && do_requests(r, r->load->requests);
    measure(closure);
    ret->seconds = (double)(now_ns() - begin) / 1e9;
    ret->latencies = r->latencies;
    ret->count = r->finished;
    ret->failures = r->failures;
    if (done)
        qsort(ret->latencies, ret->count, sizeof *ret->latencies, by_value);
    return done;
}

bool load_run(const struct load *l, void (*measure)(void *), void *closure, struct load_result *ret)
{
    struct run r = {.load = l, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    r.clients = calloc(l->connections, sizeof *r.clients);
    gnutls_certificate_allocate_credentials(&r.credentials);
    bool done = r.clients && run(&r, measure, closure, ret);
    for (unsigned i = 0; r.clients && i < l->connections; i++) {
        if (r.clients[i].session)
            gnutls_deinit(r.clients[i].session);
        if (r.clients[i].fd > 0)
            close(r.clients[i].fd);
    }
    gnutls_certificate_free_credentials(r.credentials);
    free(r.clients);
    close(r.epoll);
    return done;
}
