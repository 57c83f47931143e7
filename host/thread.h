/* Condition variables with deadlines of clock_ms(). */
#ifndef BRGATE_THREAD_H
#define BRGATE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* A condition that is waited for by the monotonic clock; pthread_cond_destroy() ends it. */
void thread_condition_init(pthread_cond_t *c);

/* Waits with `lock` held until the condition is signalled, which may happen without reason, or until clock_ms() is
 * `deadline`. False when the deadline has passed. */
bool thread_wait_until(pthread_cond_t *c, pthread_mutex_t *lock, uint64_t deadline);

#endif
