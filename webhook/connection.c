/* Keeps the list of open connections and ends those that take too long. */
#include "connection.h"

#include "clock.h"
#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SWEEP_MS = 100, /* how late a deadline may be noticed */
    YOUNG_MS = 2000,
    LOOKS = 8, /* for a client whose bytes have not arrived */
    DRAIN_MS = 2000,
    DRAIN_LOOK_MS = 5, /* most that one read of a socket's small buffer finds */
    DRAIN_MOST = 64,
    DRAIN_READS = 16, /* at one look */
    DRAIN_BYTES = 1 << 20,
    PHASE_BITS = 2,
};

/* A refused request's socket after libmicrohttpd has closed its own descriptor. */
struct draining {
    int fd;
    uint64_t until;
};

struct connections {
    struct connection_limits limits;
    struct metrics *metrics;
    struct tls *tls;
    struct handshakes *handshakes; /* NULL without TLS */
    pthread_t sweeper;
    pthread_mutex_t lock; /* of the list: taken when a connection opens, closes, and by the sweeper */
    pthread_cond_t changed;
    struct connection *first, *last; /* the newest, the oldest */
    unsigned count, shut;            /* of these, those that are only to be cleaned up */
    struct draining draining[DRAIN_MOST];
    size_t draining_count;
    bool ending;
};

void connection_enter(struct connection *c, enum phase phase)
{
    atomic_store_explicit(&c->state, clock_ms() << PHASE_BITS | phase, memory_order_relaxed);
}

static enum phase phase_of(uint64_t state)
{
    return state & ((1 << PHASE_BITS) - 1);
}

static bool overdue(const struct connections *list, const struct connection *c, uint64_t now,
                    enum phase *ret_phase)
{
    uint64_t state = atomic_load_explicit(&c->state, memory_order_relaxed), since = state >> PHASE_BITS;
    enum phase phase = phase_of(state);
    uint64_t allowed = phase == PHASE_HANDSHAKE ? list->limits.handshake
                       : phase == PHASE_REQUEST ? list->limits.request
                                                : list->limits.idle;
    *ret_phase = phase;
    return now > since && now - since > allowed;
}

/* The descriptor stays open until the worker that serves it sees the end and closes it. */
static void shut(struct connections *list, struct connection *c, enum rejection_reason reason)
{
    c->shut = true;
    list->shut++;
    shutdown(c->fd, SHUT_RDWR);
    if (list->metrics && reason != REJECTED_REASON_COUNT)
        metrics_refused(list->metrics, reason);
}

static void sweep(struct connections *list)
{
    static const enum rejection_reason reasons[] = {[PHASE_HANDSHAKE] = REJECTED_HANDSHAKE_DEADLINE,
                                                    [PHASE_REQUEST] = REJECTED_REQUEST_DEADLINE,
                                                    [PHASE_IDLE] = REJECTED_REASON_COUNT};
    uint64_t now = clock_ms();
    for (struct connection *c = list->first; c; c = c->next) {
        enum phase phase;
        if (!c->shut && overdue(list, c, now, &phase))
            shut(list, c, reasons[phase]);
    }
}

static struct crowd_member member_of(const struct connection *c)
{
    uint64_t state = atomic_load_explicit(&c->state, memory_order_relaxed);
    enum request_step step = atomic_load_explicit(&c->request.step, memory_order_relaxed);
    return (struct crowd_member){.phase = phase_of(state),
                                 .since = state >> PHASE_BITS,
                                 .known = atomic_load_explicit(&c->request.known, memory_order_relaxed),
                                 .due = step != REQUEST_JUDGED,
                                 .unread = c->unread,
                                 .answer = step == REQUEST_ANSWERED || step == REQUEST_SHED};
}

static struct crowd crowd_of(const struct connections *list)
{
    struct crowd crowd = crowd_begin(list->limits.most, clock_ms());
    for (struct connection *c = list->last; c; c = c->previous) {
        struct crowd_member m = member_of(c);
        if (!c->shut)
            crowd_add(&crowd, &m, c);
    }
    return crowd;
}

static bool has_unread(const struct connection *c)
{
    int unread = 0;
    return ioctl(c->fd, FIONREAD, &unread) == 0 && unread > 0;
}

/* Looks into the sockets only of those that are chosen: a call for each connection would cost too much while
 * newcomers flood in. */
static struct connection *choose(const struct connections *list, void *(*rule)(const struct crowd *))
{
    struct connection *chosen = NULL, *passed[LOOKS];
    size_t count = 0;
    while (count < LOOKS) {
        struct crowd crowd = crowd_of(list);
        chosen = rule(&crowd);
        if (!chosen || chosen->unread || !has_unread(chosen))
            break;
        chosen->unread = true;
        passed[count++] = chosen;
    }
    while (count)
        passed[--count]->unread = false;
    return chosen;
}

static void evict_one(struct connections *list)
{
    struct connection *c = choose(list, crowd_victim);
    if (c)
        shut(list, c, REJECTED_CROWDED);
}

bool connections_yield(struct connections *list)
{
    pthread_mutex_lock(&list->lock);
    struct connection *c = choose(list, crowd_yielder);
    if (c)
        shut(list, c, REJECTED_CROWDED);
    pthread_mutex_unlock(&list->lock);
    return c;
}

static bool holds_memory(const struct connection *c)
{
    enum request_step step = atomic_load_explicit(&c->request.step, memory_order_relaxed);
    return step == REQUEST_BODY || step == REQUEST_ANSWERED || step == REQUEST_SHED;
}

void connections_shed(struct connections *list)
{
    uint64_t now = clock_ms();
    pthread_mutex_lock(&list->lock);
    for (struct connection *c = list->first; c; c = c->next) {
        struct crowd_member m = member_of(c);
        m.unread = crowd_stalled(&m, now) && has_unread(c);
        if (!c->shut && crowd_stalled(&m, now) && holds_memory(c))
            shut(list, c, REJECTED_CROWDED);
    }
    pthread_mutex_unlock(&list->lock);
}

/* Returns true when there is nothing left to wait for. */
static bool socket_drained(const struct draining *l, uint64_t now)
{
    for (size_t i = 0; i < DRAIN_READS; i++) {
        ssize_t got = recv(l->fd, NULL, DRAIN_BYTES, MSG_DONTWAIT | MSG_TRUNC); /* discards */
        if (got <= 0)
            return got == 0 || errno != EAGAIN || now > l->until;
    }
    return now > l->until;
}

static void sweep_draining(struct connections *list)
{
    uint64_t now = clock_ms();
    for (size_t i = 0; i < list->draining_count;) {
        if (socket_drained(&list->draining[i], now)) {
            close(list->draining[i].fd);
            list->draining[i] = list->draining[--list->draining_count];
        } else {
            i++;
        }
    }
}

static void *sweeper(void *owner)
{
    struct connections *list = owner;
    pthread_mutex_lock(&list->lock);
    while (!list->ending) {
        if (!list->first && !list->draining_count) {
            pthread_cond_wait(&list->changed, &list->lock);
            continue;
        }
        uint64_t until = clock_ms() + (list->draining_count ? DRAIN_LOOK_MS : SWEEP_MS);
        if (!thread_wait_until(&list->changed, &list->lock, until)) {
            sweep(list);
            sweep_draining(list);
        }
    }
    pthread_mutex_unlock(&list->lock);
    return NULL;
}

struct connections *connections_new(const struct connection_limits *limits, struct metrics *m, struct tls *t)
{
    struct connections *list = calloc(1, sizeof *list);
    if (!list)
        return NULL;
    list->limits = *limits;
    list->metrics = m;
    list->tls = t;
    pthread_mutex_init(&list->lock, NULL);
    thread_condition_init(&list->changed);
    list->handshakes = t ? handshakes_new() : NULL;
    if ((!t || list->handshakes) && pthread_create(&list->sweeper, NULL, sweeper, list) == 0)
        return list;
    handshakes_free(list->handshakes);
    free(list);
    return NULL;
}

void connections_end(struct connections *list)
{
    if (list && list->handshakes)
        handshakes_end(list->handshakes);
}

void connections_free(struct connections *list)
{
    if (!list)
        return;
    handshakes_free(list->handshakes);
    pthread_mutex_lock(&list->lock);
    list->ending = true;
    pthread_cond_signal(&list->changed);
    pthread_mutex_unlock(&list->lock);
    pthread_join(list->sweeper, NULL);
    while (list->draining_count)
        close(list->draining[--list->draining_count].fd);
    pthread_cond_destroy(&list->changed);
    pthread_mutex_destroy(&list->lock);
    free(list);
}

static void on_handshake_done(struct tls_hold *hold)
{
    struct connection *c = (struct connection *)((char *)hold - offsetof(struct connection, tls));
    transport_handshake_done(&c->transport);
    connection_enter(c, PHASE_IDLE);
    if (c->list->metrics)
        metrics_handshake(c->list->metrics);
}

static void opened(struct connections *list, struct MHD_Connection *mhd, void **context)
{
    const union MHD_ConnectionInfo *socket = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *tls =
        list->tls ? MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION) : NULL;
    struct connection *c = calloc(1, sizeof *c);
    if (!c) {
        if (tls)
            tls_prepare(list->tls, tls->tls_session, NULL);
        shutdown(socket->connect_fd, SHUT_RDWR);
        return;
    }
    c->list = list;
    c->fd = socket->connect_fd;
    c->tls.handshake_done = on_handshake_done;
    connection_enter(c, tls ? PHASE_HANDSHAKE : PHASE_IDLE);
    if (tls) {
        tls_prepare(list->tls, tls->tls_session, &c->tls);
        transport_begin(&c->transport, list->handshakes, list->metrics, mhd, tls->tls_session, c->fd);
    }
    pthread_mutex_lock(&list->lock);
    c->next = list->first;
    *(c->next ? &c->next->previous : &list->last) = c;
    list->first = c;
    if (list->count++ == 0)
        pthread_cond_signal(&list->changed);
    if (list->count - list->shut > list->limits.most)
        evict_one(list);
    pthread_mutex_unlock(&list->lock);
    if (list->metrics)
        metrics_connection(list->metrics);
    *context = c;
}

/* Closing a socket with unread bytes resets the connection, and the reset can overtake the answer that says why they
 * were not read. So the socket is kept for a while, and what arrives is discarded. */
static void drain_socket(struct connections *list, int fd)
{
    if (list->draining_count == DRAIN_MOST)
        return;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return;
    shutdown(copy, SHUT_WR);
    list->draining[list->draining_count++] = (struct draining){copy, clock_ms() + DRAIN_MS};
    pthread_cond_signal(&list->changed);
}

/* The session is gone already, the descriptor is not closed yet: the sweeper cannot hit another client's. */
static void closed(struct connections *list, struct connection *c)
{
    pthread_mutex_lock(&list->lock);
    *(c->previous ? &c->previous->next : &list->first) = c->next;
    *(c->next ? &c->next->previous : &list->last) = c->previous;
    list->count--;
    list->shut -= c->shut;
    if (c->request.unread && !c->shut)
        drain_socket(list, c->fd);
    pthread_mutex_unlock(&list->lock);
    tls_release(&c->tls);
    free(c);
}

void connections_notify(void *list, struct MHD_Connection *mhd, void **context,
                        enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        opened(list, mhd, context);
    else if (*context)
        closed(list, *context);
}

struct connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

unsigned connections_count(struct connections *list)
{
    pthread_mutex_lock(&list->lock);
    unsigned count = list->count;
    pthread_mutex_unlock(&list->lock);
    return count;
}

bool connections_busy(struct connections *list)
{
    uint64_t now = clock_ms();
    bool busy = false;
    pthread_mutex_lock(&list->lock);
    for (struct connection *c = list->first; c && !busy; c = c->next) {
        uint64_t state = atomic_load_explicit(&c->state, memory_order_relaxed), since = state >> PHASE_BITS;
        enum phase phase = phase_of(state);
        int unread = 0;
        if (c->shut)
            continue;
        bool young = now < since + YOUNG_MS;
        busy = phase == PHASE_REQUEST ||
               (young && (phase == PHASE_HANDSHAKE || !atomic_load(&c->request.known))) ||
               (ioctl(c->fd, FIONREAD, &unread) == 0 && unread > 0);
    }
    pthread_mutex_unlock(&list->lock);
    return busy;
}
