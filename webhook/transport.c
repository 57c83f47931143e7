/* Suspends connections whose client is due in the handshake and watches their sockets instead; counts. */
#include "transport.h"

#include "slice.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS = 64,
    READS_OF_A_RECORD = 2, /* GnuTLS reads its head and then all the rest */
    KEY_UPDATE_BYTES = 22, /* of the rest: a message of five bytes, its type, and the tag of every cipher */
};

struct handshakes {
    pthread_t watcher;
    int epoll, wake; /* `wake` is readable when it is time to end */
    pthread_mutex_t lock;
    struct transport *first; /* that are suspended */
    bool ending;
};

/* On the watcher's thread only, so that none can go while it is looked at. */
static void resume(struct handshakes *all, struct transport *h)
{
    pthread_mutex_lock(&all->lock);
    *(h->previous ? &h->previous->next : &all->first) = h->next;
    if (h->next)
        h->next->previous = h->previous;
    pthread_mutex_unlock(&all->lock);
    epoll_ctl(all->epoll, EPOLL_CTL_DEL, h->fd, NULL);
    MHD_resume_connection(h->mhd); /* from here on `h` may be gone */
}

/* Enough has arrived for GnuTLS to continue: single bytes do not wake the connection. */
static bool may_go_on(const struct transport *h, uint32_t events)
{
    int unread = 0;
    return events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR) || ioctl(h->fd, FIONREAD, &unread) != 0 ||
           (size_t)unread >= h->wanted;
}

static void *watch(void *context)
{
    struct handshakes *all = context;
    for (bool ending = false; !ending;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(all->epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            struct transport *h = events[i].data.ptr;
            if (!h)
                ending = true;
            else if (may_go_on(h, events[i].events))
                resume(all, h);
        }
    }
    while (all->first)
        resume(all, all->first);
    return NULL;
}

struct handshakes *handshakes_new(void)
{
    struct handshakes *all = calloc(1, sizeof *all);
    if (!all)
        return NULL;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    pthread_mutex_init(&all->lock, NULL);
    all->epoll = epoll_create1(EPOLL_CLOEXEC);
    all->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (all->epoll >= 0 && all->wake >= 0 && epoll_ctl(all->epoll, EPOLL_CTL_ADD, all->wake, &event) == 0 &&
        pthread_create(&all->watcher, NULL, watch, all) == 0)
        return all;
    all->ending = true; /* there is no thread to end */
    handshakes_free(all);
    return NULL;
}

void handshakes_end(struct handshakes *all)
{
    pthread_mutex_lock(&all->lock);
    bool ended = all->ending;
    all->ending = true; /* from here on the list only gets shorter */
    pthread_mutex_unlock(&all->lock);
    if (ended)
        return;
    eventfd_write(all->wake, 1);
    pthread_join(all->watcher, NULL);
}

void handshakes_free(struct handshakes *all)
{
    if (!all)
        return;
    handshakes_end(all);
    if (all->epoll >= 0)
        close(all->epoll);
    if (all->wake >= 0)
        close(all->wake);
    pthread_mutex_destroy(&all->lock);
    free(all);
}

/* Libmicrohttpd allows suspending here, in what it calls for the connection, and leaves it alone at once. */
static void suspend(struct transport *h, size_t wanted)
{
    struct handshakes *all = h->all;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = h};
    h->wanted = wanted;
    pthread_mutex_lock(&all->lock); /* the watcher may see it at once, but has to wait with resuming */
    if (!all->ending && epoll_ctl(all->epoll, EPOLL_CTL_ADD, h->fd, &event) == 0) {
        h->previous = NULL;
        h->next = all->first;
        if (h->next)
            h->next->previous = h;
        all->first = h;
        MHD_suspend_connection(h->mhd);
    }
    pthread_mutex_unlock(&all->lock);
}

/* Counts what a read has brought; false when it is too much. */
static bool count(struct transport *t, size_t got, size_t wanted)
{
    t->bytes += got;
    t->reads += got == wanted;
    return t->bytes <= TRANSPORT_MOST_BYTES &&
           (!t->handshake_done || t->reads <= (size_t)TRANSPORT_MOST_RECORDS * READS_OF_A_RECORD);
}

/* GnuTLS reports a key update as "nothing to read", and libmicrohttpd waits for its socket to become readable,
 * which a request that has come with the update does not make it. Setting the mark below which a socket is not
 * readable, to the 1 that it is, does. */
static void look_again(int fd)
{
    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &(int){1}, sizeof(int));
}

static ssize_t pull(gnutls_transport_ptr_t context, void *to, size_t size)
{
    struct transport *t = context;
    ssize_t got = recv(t->fd, to, size, 0);
    int error = errno;
    if (got < 0 && error == EAGAIN && !t->handshake_done)
        suspend(t, size);
    if (got > 0 && !count(t, (size_t)got, size)) {
        if (t->metrics)
            metrics_refused(t->metrics, REJECTED_NO_PROGRESS);
        got = -1;
        error = EPROTO;
    }
    if (t->handshake_done && got == KEY_UPDATE_BYTES)
        look_again(t->fd);
    gnutls_transport_set_errno(t->session, error);
    return got;
}

static bool hold_back(struct transport *t, const giovec_t *parts, size_t count, size_t size)
{
    if (!t->holding || t->held_size || size > sizeof t->held)
        return false;
    for (size_t i = 0; i < count; i++) {
        memcpy(t->held + t->held_size, parts[i].iov_base, parts[i].iov_len);
        t->held_size += parts[i].iov_len;
    }
    return true;
}

/* Takes what was sent off what is held back. Returns how much of it GnuTLS gave now; -1 with EAGAIN for nothing. */
static ssize_t sent_after_held(struct transport *t, ssize_t sent)
{
    size_t held = (size_t)sent < t->held_size ? (size_t)sent : t->held_size;
    t->held_size -= held;
    memmove(t->held, t->held + held, t->held_size);
    errno = EAGAIN;
    return (size_t)sent > held ? sent - (ssize_t)held : -1;
}

static ssize_t push(gnutls_transport_ptr_t context, const giovec_t *parts, int count)
{
    enum { MOST_PARTS = 16 }; /* GnuTLS gives one for each record, and gives again what was not taken */
    struct transport *t = context;
    struct iovec all[1 + MOST_PARTS] = {{t->held, t->held_size}};
    size_t n = 1, size = 0;
    for (int i = 0; i < count && n < COUNT(all); i++) {
        all[n++] = (struct iovec){parts[i].iov_base, parts[i].iov_len};
        size += parts[i].iov_len;
    }
    if (hold_back(t, parts, n - 1, size))
        return (ssize_t)size;
    t->holding = false;
    struct msghdr message = {.msg_iov = all, .msg_iovlen = n};
    ssize_t sent = sendmsg(t->fd, &message, MSG_NOSIGNAL);
    if (sent >= 0 && t->held_size)
        sent = sent_after_held(t, sent);
    gnutls_transport_set_errno(t->session, errno);
    return sent;
}

void transport_begin(struct transport *t, struct handshakes *all, struct metrics *m,
                     struct MHD_Connection *mhd, gnutls_session_t session, int fd)
{
    *t = (struct transport){.all = all, .metrics = m, .mhd = mhd, .session = session, .fd = fd};
    gnutls_transport_set_ptr(session, t);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_transport_set_vec_push_function(session, push);
}

void transport_handshake_done(struct transport *t)
{
    t->handshake_done = true;
    transport_progress(t);
}

void transport_answer_begins(struct transport *t)
{
    t->holding = t->session != NULL;
}

void transport_progress(struct transport *t)
{
    t->bytes = t->reads = 0;
}
