/* Waiting with a deadline. */
#include "thread.h"

#include <errno.h>
#include <time.h>

void thread_condition_init(pthread_cond_t *c)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(c, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

bool thread_wait_until(pthread_cond_t *c, pthread_mutex_t *lock, uint64_t deadline)
{
    struct timespec until = {.tv_sec = (time_t)(deadline / 1000),
                             .tv_nsec = (long)(deadline % 1000 * 1000000)};
    return pthread_cond_timedwait(c, lock, &until) != ETIMEDOUT;
}
