/* Chunked arenas: allocation, unwinding with setjmp when a limit is reached, and deferred closing. */
#include "arena.h"

#include "bug.h"
#include "format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
enum { REDZONE = 16 }; /* poisoned gap behind each allocation: an overrun is reported */
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)0)
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)0)
enum { REDZONE = 0 };
#endif

enum { ALIGN = 16 };

struct chunk {
    struct chunk *next;
    size_t size; /* bytes behind this header */
    _Alignas(ALIGN) char bytes[];
};

struct deferred {
    struct deferred *next;
    void (*close)(void *);
    void *resource;
};

/* The frame of an arena_run() call, to which an exhausted arena unwinds. */
struct guarded_run {
    struct guarded_run *outer;
    struct deferred *deferred; /* the newest deferred resource when the run began */
    jmp_buf end;
};

struct arena {
    struct chunk *first, *current;
    size_t used; /* in the current chunk */
    size_t handed_out, reserved, limit;
    struct arena_budget *budget; /* or NULL */
    enum arena_shortage lack;
    struct deferred *deferred;
    uint64_t allocations, fail_at;
    struct guarded_run *run; /* the innermost; NULL: none */
};

struct arena *arena_new(size_t limit)
{
    struct arena *a = calloc(1, sizeof *a);
    if (a)
        a->limit = limit;
    return a;
}

void arena_share(struct arena *a, struct arena_budget *budget)
{
    BUG_IF(a->reserved);
    a->budget = budget;
}

/* The part of `reserved` bytes that is charged to the budget. */
static size_t budgeted(size_t reserved)
{
    return reserved > ARENA_FIRST_CHUNK ? reserved - ARENA_FIRST_CHUNK : 0;
}

static bool budget_take(struct arena *a, size_t size)
{
    if (!a->budget)
        return true;
    size_t more = budgeted(a->reserved + size) - budgeted(a->reserved), left = atomic_load(&a->budget->left);
    do
        if (more > left)
            return false;
    while (!atomic_compare_exchange_weak(&a->budget->left, &left, left - more));
    return true;
}

static void budget_give(struct arena *a, size_t size)
{
    if (a->budget)
        atomic_fetch_add(&a->budget->left, budgeted(a->reserved) - budgeted(a->reserved - size));
}

/* Closes what was deferred after `last`, newest first. */
static void close_deferred(struct arena *a, const struct deferred *last)
{
    while (a->deferred != last) {
        struct deferred *d = a->deferred;
        a->deferred = d->next;
        d->close(d->resource);
    }
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    close_deferred(a, NULL);
    for (struct chunk *c = a->first, *next; c; c = next) {
        next = c->next;
        ASAN_UNPOISON_MEMORY_REGION(c->bytes, c->size);
        free(c);
    }
    budget_give(a, a->reserved);
    free(a);
}

void arena_reset(struct arena *a)
{
    close_deferred(a, NULL);
    for (struct guarded_run *r = a->run; r; r = r->outer)
        r->deferred = NULL;
    for (struct chunk *c = a->first; c; c = c->next)
        ASAN_POISON_MEMORY_REGION(c->bytes, c->size);
    a->current = a->first;
    a->used = a->handed_out = 0;
    a->lack = ARENA_SHORT_OF_NOTHING;
}

void arena_wipe(struct arena *a)
{
    arena_reset(a);
    for (struct chunk *c = a->first; c; c = c->next) {
        ASAN_UNPOISON_MEMORY_REGION(c->bytes, c->size);
        explicit_bzero(c->bytes, c->size);
        ASAN_POISON_MEMORY_REGION(c->bytes, c->size);
    }
}

static struct chunk *chunk_new(struct arena *a, size_t size)
{
    if (!budget_take(a, size)) {
        a->lack = ARENA_SHORT_OF_BUDGET;
        return NULL;
    }
    struct chunk *c = malloc(sizeof *c + size);
    a->reserved += size;
    if (c) {
        c->next = NULL;
        c->size = size;
        ASAN_POISON_MEMORY_REGION(c->bytes, size);
        return c;
    }
    budget_give(a, size);
    a->reserved -= size;
    a->lack = ARENA_SHORT_OF_SYSTEM;
    return NULL;
}

static bool next_chunk(struct arena *a, size_t need)
{
    while (a->current && a->current->next) { /* kept from before a reset */
        a->current = a->current->next;
        a->used = 0;
        if (a->current->size >= need)
            return true;
    }
    size_t size = a->reserved ? a->reserved : ARENA_FIRST_CHUNK; /* doubles the whole */
    if (size < need)
        size = need;
    if (size > a->limit - a->reserved)
        size = a->limit - a->reserved;
    if (size < need) {
        a->lack = ARENA_SHORT_OF_LIMIT;
        return false;
    }
    struct chunk *c = chunk_new(a, size);
    if (!c)
        return false;
    if (a->current)
        a->current->next = c;
    else
        a->first = c;
    a->current = c;
    a->used = 0;
    return true;
}

void *arena_try_bytes(struct arena *a, size_t size)
{
    a->allocations++;
    if (a->fail_at && a->allocations >= a->fail_at) {
        a->fail_at = 0;
        a->lack = ARENA_SHORT_OF_LIMIT;
        return NULL;
    }
    if (size > a->limit) {
        a->lack = ARENA_SHORT_OF_LIMIT;
        return NULL;
    }
    size_t need = (size + REDZONE + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if ((!a->current || a->current->size - a->used < need) && !next_chunk(a, need))
        return NULL;
    void *p = a->current->bytes + a->used;
    a->used += need;
    a->handed_out += need - REDZONE;
    ASAN_UNPOISON_MEMORY_REGION(p, size);
#ifdef ARENA_ASAN
    memset(p, 0xa5, size); /* so that reading before writing gets noticed */
#endif
    return p;
}

void *arena_try(struct arena *a, size_t size)
{
    void *p = arena_try_bytes(a, size);
    return p ? memset(p, 0, size) : NULL;
}

_Noreturn void arena_exhausted(struct arena *a)
{
    struct guarded_run *run = a->run;
    BUG_IF(!run);
    close_deferred(a, run->deferred);
    a->run = run->outer;
    longjmp(run->end, 1);
}

bool arena_run(struct arena *a, void (*work)(void *context), void *context)
{
    struct guarded_run run = {.outer = a->run, .deferred = a->deferred};
    if (setjmp(run.end))
        return false;
    a->run = &run;
    work(context);
    a->run = run.outer;
    return true;
}

void *arena_alloc(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    void *p = __builtin_mul_overflow(count, size, &bytes) ? NULL : arena_try(a, bytes);
    if (!p)
        arena_exhausted(a);
    return p;
}

void *arena_bytes(struct arena *a, size_t size)
{
    void *p = arena_try_bytes(a, size);
    if (!p)
        arena_exhausted(a);
    return p;
}

slice arena_copy(struct arena *a, slice s)
{
    return (slice){arena_cstr(a, s), s.n};
}

const char *arena_cstr(struct arena *a, slice s)
{
    char *copy = arena_bytes(a, s.n + 1);
    if (s.n)
        memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    return copy;
}

slice arena_vfmt(struct arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    char first[256] __attribute__((uninitialized)); /* few texts are longer: most are formatted once */
    size_t n = format_text(first, sizeof first, format, args);
    char *text = arena_bytes(a, n + 1);
    if (n < sizeof first)
        memcpy(text, first, n + 1);
    else
        format_text(text, n + 1, format, again);
    va_end(again);
    return (slice){text, n};
}

slice arena_fmt(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    slice text = arena_vfmt(a, format, args);
    va_end(args);
    return text;
}

void *arena_grow(struct arena *a, void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    size_t wider = *capacity ? *capacity * 2 : 8;
    void *copy = arena_alloc(a, wider, size);
    if (count)
        memcpy(copy, array, count * size);
    *capacity = wider;
    return copy;
}

void arena_defer(struct arena *a, void (*close)(void *), void *resource)
{
    struct deferred *d = arena_try(a, sizeof *d);
    if (!d) {
        close(resource); /* there is no entry to close it later */
        arena_exhausted(a);
    }
    *d = (struct deferred){a->deferred, close, resource};
    a->deferred = d;
}

void arena_fail_at(struct arena *a, uint64_t nth)
{
    a->fail_at = nth ? a->allocations + nth : 0;
}

uint64_t arena_allocations(const struct arena *a)
{
    return a->allocations;
}

size_t arena_used(const struct arena *a)
{
    return a->handed_out;
}

size_t arena_reserved(const struct arena *a)
{
    return a->reserved;
}

enum arena_shortage arena_shortage(const struct arena *a)
{
    return a->lack;
}
