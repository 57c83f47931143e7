/* malloc() that unwinds. */
#include "keep.h"

#include "bug.h"

#include <stdlib.h>

static bool fails(struct keep *k)
{
    return ++k->allocations == k->fail_at;
}

void *keep_alloc(struct keep *k, size_t size)
{
    void *p = fails(k) ? NULL : calloc(1, size ? size : 1);
    if (!p)
        arena_exhausted(k->unwind);
    k->bytes += size;
    return p;
}

void *keep_resize(struct keep *k, void *p, size_t old, size_t size)
{
    BUG_IF(size < old);
    void *bigger = fails(k) ? NULL : realloc(p, size ? size : 1);
    if (!bigger)
        arena_exhausted(k->unwind);
    k->bytes += size - old;
    return bigger;
}

void keep_free(struct keep *k, void *p, size_t size)
{
    if (!p)
        return;
    k->bytes -= size;
    free(p);
}

slice keep_text(struct keep *k, slice s)
{
    if (!s.n)
        return (slice){0};
    char *copy = keep_alloc(k, s.n);
    memcpy(copy, s.p, s.n);
    return (slice){copy, s.n};
}

void keep_forget(struct keep *k, slice *text)
{
    union {
        const char *read_only;
        char *own;
    } p = {.read_only = text->p};
    keep_free(k, text->n ? p.own : NULL, text->n);
    *text = (slice){0};
}
