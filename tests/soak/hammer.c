/* Clients that behave like the API server: they keep their connection until the server closes it. */
#include "hammer.h"

#include "peer.h"

#include <unistd.h>

static bool listens(unsigned port)
{
    int fd = peer_dial(port);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool goes_on(const struct hammer *h)
{
    return h->stop ? !atomic_load(h->stop) : listens(h->port);
}

/* Reviews over one connection, until it is closed as agreed or something fails. */
static void ask(struct hammer *h, struct peer *p)
{
    for (bool again = true; again && (!h->stop || !atomic_load(h->stop));) {
        struct reply r = {0};
        if (peer_send(p, h->message))
            r = peer_reply(p);
        atomic_fetch_add(r.status == 200 ? &h->answered : &h->failed, 1);
        again = r.status == 200 && !r.closing && !h->dials;
    }
}

static void *hammer(void *context)
{
    struct hammer *h = context;
    while (goes_on(h)) {
        struct peer p;
        if (peer_open(&p, h->port, NULL))
            ask(h, &p);
        else if (listens(h->port)) /* not because it has stopped in between */
            atomic_fetch_add(&h->failed, 1);
        peer_close(&p);
    }
    return NULL;
}

void hammers_start(struct hammer *h, size_t count, unsigned port, slice message, atomic_bool *stop)
{
    for (size_t i = 0; i < count; i++) {
        h[i].port = port;
        h[i].message = message;
        h[i].dials = i % 2;
        h[i].stop = stop;
        atomic_init(&h[i].answered, 0);
        atomic_init(&h[i].failed, 0);
        pthread_create(&h[i].thread, NULL, hammer, &h[i]);
    }
}

void hammers_join(struct hammer *h, size_t count, size_t *ret_answered, size_t *ret_failed)
{
    *ret_answered = *ret_failed = 0;
    for (size_t i = 0; i < count; i++) {
        pthread_join(h[i].thread, NULL);
        *ret_answered += atomic_load(&h[i].answered);
        *ret_failed += atomic_load(&h[i].failed);
    }
}
