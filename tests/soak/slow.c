/* One thread keeps all of them going; epoll says who was cut off. */
#include "slow.h"

#include "child.h"
#include "peer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SHAKEN_EACH = 10, TURNS = 1000 /* of a second */ };

struct slow_client {
    struct peer *handshake_done; /* NULL: stays in the handshake */
    int fd;
    size_t sent;
};

struct slow {
    pthread_t thread;
    atomic_bool stop;
    atomic_size_t cut;
    unsigned port;
    int epoll;
    size_t count;
    struct slow_client clients[];
};

static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"; /* and 500 bytes more to come */
#define BODY_HEAD                                                                                            \
    "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"

static void watch(struct slow *s, struct slow_client *c)
{
    struct epoll_event event = {.events = EPOLLRDHUP, .data.ptr = c};
    if (c->fd >= 0)
        epoll_ctl(s->epoll, EPOLL_CTL_ADD, c->fd, &event);
}

static void dial(struct slow *s, struct slow_client *c, bool handshake_done)
{
    c->sent = 0;
    c->handshake_done = handshake_done ? malloc(sizeof *c->handshake_done) : NULL;
    if (c->handshake_done && !peer_open(c->handshake_done, s->port, NULL)) {
        free(c->handshake_done);
        c->handshake_done = NULL;
    }
    c->fd = c->handshake_done ? c->handshake_done->fd : peer_dial(s->port);
    if (c->handshake_done && (c - s->clients) / SHAKEN_EACH % 2)
        peer_send(c->handshake_done, LIT(BODY_HEAD));
    watch(s, c);
}

static void hang_up(struct slow_client *c)
{
    if (c->handshake_done)
        peer_close(c->handshake_done);
    else if (c->fd >= 0)
        close(c->fd);
    free(c->handshake_done);
    c->handshake_done = NULL;
    c->fd = -1;
}

static void send_byte(struct slow_client *c)
{
    char byte = c->sent < sizeof hello - 1 ? hello[c->sent] : 'x';
    c->sent++;
    if (c->handshake_done)
        peer_send(c->handshake_done, LIT("P"));
    else if (c->fd >= 0)
        send(c->fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void hang_up_those_cut_off(struct slow *s)
{
    struct epoll_event events[256];
    int n = epoll_wait(s->epoll, events, 256, 0);
    for (int i = 0; i < n; i++) {
        struct slow_client *c = events[i].data.ptr;
        atomic_fetch_add(&s->cut, 1);
        hang_up(c); /* and dial when it is its turn */
    }
}

static void *drip(void *context)
{
    struct slow *s = context;
    for (size_t turn = 0; !atomic_load(&s->stop); turn = (turn + 1) % TURNS) {
        for (size_t i = turn; i < s->count; i += TURNS) {
            if (s->clients[i].fd < 0)
                dial(s, &s->clients[i], false);
            send_byte(&s->clients[i]);
        }
        hang_up_those_cut_off(s);
        nanosleep(&(struct timespec){0, 1000000000 / TURNS}, NULL);
    }
    return NULL;
}

struct slow *slow_start(unsigned port, size_t count)
{
    struct slow *s = calloc(1, sizeof *s + count * sizeof *s->clients);
    if (!s)
        give_up("out of memory");
    s->port = port;
    s->count = count;
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < count; i++) {
        dial(s, &s->clients[i], i % SHAKEN_EACH == 0);
        if (s->clients[i].fd < 0)
            give_up("slow client %zu cannot dial: %s", i, strerror(errno));
    }
    pthread_create(&s->thread, NULL, drip, s);
    return s;
}

size_t slow_stop(struct slow *s)
{
    atomic_store(&s->stop, true);
    pthread_join(s->thread, NULL);
    for (size_t i = 0; i < s->count; i++)
        hang_up(&s->clients[i]);
    size_t cut = atomic_load(&s->cut);
    close(s->epoll);
    free(s);
    return cut;
}
