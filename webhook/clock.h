/* Time for deadlines and durations: monotonic, never the wall clock. */
#ifndef BRGATE_CLOCK_H
#define BRGATE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static inline uint64_t clock_ms(void)
{
    return clock_ns() / 1000000U;
}

#endif
