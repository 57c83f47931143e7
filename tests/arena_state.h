/* An arena as the state of a group of tests. */
#ifndef BRGATE_ARENA_STATE_H
#define BRGATE_ARENA_STATE_H

#include "arena.h"

static inline int open_arena(void **state)
{
    *state = arena_new(64 << 20);
    return *state ? 0 : -1;
}

static inline int close_arena(void **state)
{
    arena_free(*state);
    return 0;
}

#endif
