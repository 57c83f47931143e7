/* Memory that outlives a call: the cache, the queue, what is in flight. Internal to this layer.
 *
 * Functions that allocate never return NULL: when the system has no memory they unwind as arena_exhausted() of `unwind`
 * does, up to the call of the machine, which is broken from then on and only freed. So code allocates first, and then
 * changes the pointers to kept memory in one go. */
#ifndef BRGATE_MACHINE_KEEP_H
#define BRGATE_MACHINE_KEEP_H

#include "arena.h"

struct keep {
    struct arena *unwind;
    size_t bytes; /* handed out, without malloc's own */
    uint64_t allocations, fail_at;
};

void *keep_alloc(struct keep *k, size_t size);                       /* zeroed */
void *keep_resize(struct keep *k, void *p, size_t old, size_t size); /* what is added is not zeroed */
void keep_free(struct keep *k, void *p, size_t size);                /* NULL is allowed */

/* A text of its own, which keep_forget() frees. */
slice keep_text(struct keep *k, slice s);
void keep_forget(struct keep *k, slice *text); /* leaves the empty slice */

#endif
