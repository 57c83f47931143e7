/* All memory of one unit of work (a file, a request), given back at once.
 *
 * arena_alloc() and its helpers never return NULL: memory is aligned for any type, zeroed except by arena_bytes(),
 * and when the arena's limit is reached the innermost arena_run() of this arena ends:
 *
 *     struct work w = {.arena = a, .text = text};
 *     return arena_run(a, judge, &w) ? w.verdict : NULL; // judge(&w) allocates at any depth
 *
 * Exhaustion outside arena_run() is a bug. Resources that are not memory (a libyaml parser) are handed to
 * arena_defer() and closed on reset, free and unwinding, last first. Chunks are kept by arena_reset(), so a
 * warm arena allocates nothing. An arena belongs to one thread at a time. */
#ifndef BRGATE_ARENA_H
#define BRGATE_ARENA_H

#include "slice.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>

struct arena;

struct arena *arena_new(size_t limit); /* NULL when the system has no memory */

/* A number of bytes shared by several arenas. After arena_share(), which must precede the first allocation, an arena
 * takes what it needs beyond ARENA_FIRST_CHUNK from the budget; arena_free() gives it back. The budget must outlive
 * the arena. */
struct arena_budget {
    atomic_size_t left;
};
enum { ARENA_FIRST_CHUNK = 64 << 10 };
void arena_share(struct arena *a, struct arena_budget *budget);

void arena_free(struct arena *a);  /* NULL is allowed */
void arena_reset(struct arena *a); /* closes what was deferred; all memory handed out becomes invalid */

void arena_wipe(struct arena *a); /* arena_reset(), and overwrites the memory: it held secrets */

void *arena_alloc(struct arena *a, size_t count, size_t size); /* `count` elements of `size` bytes */
void *arena_try(struct arena *a, size_t size);                 /* the same, but NULL instead of unwinding */
/* The same two for memory that is written before it is read, such as texts: it is not zeroed. */
void *arena_bytes(struct arena *a, size_t size);
void *arena_try_bytes(struct arena *a, size_t size);
_Noreturn void arena_exhausted(struct arena *a); /* unwinds, after a library got NULL from arena_try() */

/* Calls work(context). True when it returned. False when `a` was exhausted: work() was left in the middle, and what
 * it had deferred on `a` is closed; memory that it allocated stays until the arena is reset. May be nested, also for
 * one arena: the innermost call ends. */
bool arena_run(struct arena *a, void (*work)(void *context), void *context);

slice arena_copy(struct arena *a, slice s);       /* a copy of the bytes, not NUL-terminated */
const char *arena_cstr(struct arena *a, slice s); /* a NUL-terminated copy */
/* The formatted text, with a NUL behind it that does not count. */
slice arena_fmt(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
slice arena_vfmt(struct arena *a, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Makes room for one more element of `size` bytes in a growing array; `*capacity` and the result are kept by
 * the caller. The old elements are copied. */
void *arena_grow(struct arena *a, void *array, size_t count, size_t *capacity, size_t size);

#define ARENA_NEW(a, type)          ((type *)arena_alloc((a), 1, sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_alloc((a), (count), sizeof(type)))

/* Calls close(resource) on reset, free and unwinding; at once when the entry itself cannot be allocated. */
void arena_defer(struct arena *a, void (*close)(void *), void *resource);

/* Fault point for tests: the nth allocation from now (1 is the next) counts as exhaustion; 0 switches off. */
void arena_fail_at(struct arena *a, uint64_t nth);
uint64_t arena_allocations(const struct arena *a); /* since arena_new() */
size_t arena_used(const struct arena *a);          /* bytes handed out since the last reset */
size_t arena_reserved(const struct arena *a);      /* bytes taken from the system */

/* Why the last failed allocation since the last reset failed. */
enum arena_shortage {
    ARENA_SHORT_OF_NOTHING,
    ARENA_SHORT_OF_LIMIT,
    ARENA_SHORT_OF_BUDGET,
    ARENA_SHORT_OF_SYSTEM
};
enum arena_shortage arena_shortage(const struct arena *a);

#endif
