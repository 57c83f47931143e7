/* Several requests and watches at a time, on one thread.
 *
 * kube_loop_start() begins a request and returns; kube_loop_wait() waits until something happens and calls back. Each
 * request gets one attempt, and one more with a fresh token: unlike kube_do(), the loop does not retry. A request without an
 * answer (KUBE_UNREACHABLE) may have been carried out. Moments are of clock_lived_ms(). */
#ifndef BRGATE_KUBE_LOOP_H
#define BRGATE_KUBE_LOOP_H

#include "kube.h"

struct kube_loop;
struct kube_call;

/* Callbacks may start and cancel requests, but must not wait. Their arguments live until they return. */
struct kube_listener {
    void *context;
    void (*line)(void *context, slice line); /* of a watch, whole, without its end */
    /* Called once, at the end, unless the request is cancelled. For a watch: KUBE_OK when the server ended it. */
    void (*done)(void *context, const struct kube_answer *answer);
};

struct kube_bounds {
    uint64_t deadline; /* the request ends here, as one without an answer; it is never sent later */
    unsigned idle;     /* of a watch, in milliseconds: it ends when nothing comes for so long */
};

/* Longer than the timeoutSeconds of a watch: a server sends no bookmark while nothing of the kind has changed. The
 * keep-alive of TCP notices a dead peer earlier. */
enum { KUBE_WATCH_IDLE_MS = 600000 };

/* `any`: any open client. Returns NULL when memory runs out. */
struct kube_loop *kube_loop_new(const struct kube *any);
void kube_loop_free(struct kube_loop *loop); /* cancels what is under way; NULL is allowed */

/* Sends with the client, which must outlive the request and may be used by kube_do() as well. Texts of the request are
 * copied. NULL when memory runs out. */
struct kube_call *kube_loop_start(struct kube_loop *loop, struct kube *k, const struct kube_request *q,
                                  const struct kube_bounds *bounds, const struct kube_listener *listener);
/* Cancels the call: the listener is not called again. Do not use it after `done` was called. */
void kube_call_cancel(struct kube_call *call);

/* Waits until a request makes progress, `fd` (-1: none) can be read, or the deadline, and calls the listeners. */
void kube_loop_wait(struct kube_loop *loop, int fd, uint64_t deadline);

#endif
