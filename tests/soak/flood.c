/* Each sender draws its sizes from a sequence of its own, the same in every run. */
#include "flood.h"

#include "child.h"
#include "peer.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEAST_BITS = 12, MOST_BITS = 22, LINGER_MS = 200 };

static char zeros[2 << MOST_BITS]; /* "0000...": not JSON, and found out at its end only */

struct sender {
    pthread_t thread;
    unsigned port;
    size_t left;
    uint64_t state;
};

static uint64_t draw(struct sender *s, uint64_t below)
{
    s->state = s->state * 6364136223846793005U + 1442695040888963407U;
    return (s->state >> 33) % below;
}

static bool send_body(struct peer *p, size_t size, size_t sent)
{
    char head[160];
    int n = snprintf(head, sizeof head,
                     "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     size);
    return peer_send(p, (slice){head, (size_t)n}) && peer_send(p, (slice){zeros, sent});
}

/* As many of a few KB as of some MB. */
static size_t size_of(struct sender *s)
{
    size_t octave = (size_t)1 << (LEAST_BITS + draw(s, MOST_BITS - LEAST_BITS + 1));
    return octave + draw(s, octave);
}

static void *send_bodies(void *context)
{
    for (struct sender *s = context; s->left; s->left--) {
        struct peer p;
        size_t size = size_of(s);
        bool whole = draw(s, 2);
        if (peer_open(&p, s->port, NULL) && send_body(&p, size, size - !whole)) {
            if (whole)
                peer_reply(&p);
            else
                nanosleep(&(struct timespec){0, (long)draw(s, LINGER_MS) * 1000000}, NULL);
        }
        peer_close(&p);
    }
    return NULL;
}

void flood(unsigned port, size_t senders, size_t each)
{
    struct sender *s = calloc(senders, sizeof *s);
    if (!s)
        give_up("out of memory");
    memset(zeros, '0', sizeof zeros);
    for (size_t i = 0; i < senders; i++) {
        s[i] = (struct sender){.port = port, .left = each, .state = i};
        pthread_create(&s[i].thread, NULL, send_bodies, &s[i]);
    }
    for (size_t i = 0; i < senders; i++)
        pthread_join(s[i].thread, NULL);
    free(s);
}
