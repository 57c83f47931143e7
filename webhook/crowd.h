/* Which connection is closed when there are more than there are places: decisions only, from what is known of each.
 *
 * A client is known while the last answer on its connection was a verdict on a review. Any other client is
 * unserved: all it takes to get an answer of 400 is a connection. When there is one connection too many, the first of
 * these that exists is closed:
 *   1. the connection longest in a request, of those whose clients have kept the server waiting for STALLED_MS;
 *   2. while unserved clients have more than half of the places, the unserved client that connected first;
 *   3. the known client that has been idle for the longest time;
 *   4. the known client longest in its request;
 *   5. the unserved client that connected first.
 *
 * Let T be the time that an honest client needs: from connecting to the end of its answer or, on a connection that it
 * has kept, from the first byte of a review to the end of its answer. T is below STALLED_MS. As long as all other
 * clients together begin fewer than half as many connections and reviews in any T as there are places, however many
 * of them there are and whatever else they do:
 *   - Every review of an honest client is answered. Rule 1 never applies to it. It is the first of more than half
 *     of the places' unserved clients (2) only if as many connected after it, and the longest in a request of as many
 *     known clients (4) only if as many began theirs after it. Rule 5 never applies: a client is unserved or
 *     known.
 *   - Its idle connection is kept while others that are known, and not stalled, have fewer than half of the places (3).
 *     It is never closed in the middle of a review.
 * Addresses are not looked at: API servers may share one with other clients, behind a proxy of the cloud. */
#ifndef BRGATE_CROWD_H
#define BRGATE_CROWD_H

#include <stdbool.h>
#include <stdint.h>

enum phase {
    PHASE_HANDSHAKE, /* accepted, TLS not finished */
    PHASE_IDLE,      /* waiting for a request line */
    PHASE_REQUEST,   /* from the request line to the end of the answer */
};

enum {
    STALLED_MS = 1000, /* the API server sends a request in one piece and reads its answer at once */
    YIELD_MS = 100,    /* how long an answer may wait for its client to read it while others need its place */
};

/* One connection, as it is now. */
struct crowd_member {
    enum phase phase;
    uint64_t since; /* when the phase began, in milliseconds */
    bool known;
    bool due;    /* in a request, and its client has to send or read something */
    bool unread; /* bytes of its client wait to be read: the delay is ours, unless its answer is going out */
    bool answer; /* in a request whose answer is going out: it holds one of the places for answers */
};

struct crowd_choice {
    void *who; /* NULL: none */
    uint64_t since;
};

struct crowd {
    uint64_t now;
    unsigned places, unserved_count;
    struct crowd_choice stalled, unserved, idle, busy, answer;
};

/* `now` in milliseconds. Members are added one after the other, the connection that is open for the longest time
 * first; `who` must not be NULL. */
struct crowd crowd_begin(unsigned places, uint64_t now);
void crowd_add(struct crowd *c, const struct crowd_member *m, void *who);

void *
crowd_victim(const struct crowd *c); /* the one to close when there is one too many; NULL without members */
/* Returns the connection to close when all places for answers are taken: the one whose answer has waited longest, at
 * least YIELD_MS. NULL: none. */
void *crowd_yielder(const struct crowd *c);

bool crowd_stalled(const struct crowd_member *m, uint64_t now); /* @todo */

#endif
