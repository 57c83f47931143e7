/* Asks a TiDB cluster about a log backup's task: the client certificate from its Secret, where it has TLS, and then PD.
 * Internal to this layer. */
#ifndef BRGATE_ASK_H
#define BRGATE_ASK_H

#include "loop.h"
#include "machine.h"

struct asking;

/* Called once, unless it is cancelled. `error` is one line when the task is not known. */
typedef void asking_done(void *context, const struct log_task *task, slice error);

/* Texts of the request are copied. NULL when memory runs out. */
struct asking *asking_start(struct kube_loop *loop, struct kube *api, const struct machine_request *r,
                            asking_done *done, void *context);
void asking_cancel(struct asking *q);

#endif
