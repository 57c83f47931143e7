/* The clocks. Deadlines and durations are measured by the monotonic clock, never by the wall clock. */
#ifndef BRGATE_CLOCK_H
#define BRGATE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static inline uint64_t clock_ns(void)
{
    return clock_read_ns(CLOCK_MONOTONIC);
}

static inline uint64_t clock_ms(void)
{
    return clock_ns() / 1000000U;
}

/* Continues while the machine sleeps: for ages. */
static inline uint64_t clock_lived_ms(void)
{
    return clock_read_ns(CLOCK_BOOTTIME) / 1000000U;
}

static inline int64_t clock_unix(void) /* seconds of the wall clock */
{
    return (int64_t)(clock_read_ns(CLOCK_REALTIME) / 1000000000U);
}

#endif
