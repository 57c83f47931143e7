/* What the fuzz targets share. A target aborts when a promise of a header is broken. */
#ifndef BRGATE_FUZZ_H
#define BRGATE_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "arena.h"
#include "brgate_limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define PROMISE(condition)                                                                                   \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                          \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

struct fuzz_work {
    void (*check)(struct arena *, slice);
    struct arena *arena;
    slice bytes;
};

static inline void fuzz_check(void *context)
{
    const struct fuzz_work *w = (const struct fuzz_work *)context;
    w->check(w->arena, w->bytes);
}

/* Checks an input with an arena of its own; when that is not enough, nothing is promised. */
static inline int fuzz_in_arena(void (*check)(struct arena *, slice), const uint8_t *data, size_t size)
{
    struct fuzz_work w = {check, arena_new(LIMIT_ARENA_BYTES), {(const char *)data, size}};
    arena_run(w.arena, fuzz_check, &w);
    arena_free(w.arena);
    return 0;
}

#endif
