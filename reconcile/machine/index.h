/* A hash table whose entries are members of what they index; any number may have one hash. Internal to this layer. */
#ifndef BRGATE_MACHINE_INDEX_H
#define BRGATE_MACHINE_INDEX_H

#include "keep.h"
#include "texts.h"

#include <stdint.h>

struct link {
    struct link *next, **at; /* `at` is NULL while it is in no index */
    uint64_t hash;
};

struct index {
    struct keep *keep;
    struct link **buckets;
    size_t bucket_count, count;
};

/* The structure of that type whose member is `link`. */
#define LINKED(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* Makes room, so that the next index_add() allocates nothing. Call it before allocating the new entry. */
void index_reserve(struct index *x);
/* Adds an entry that is in no index. */
void index_add(struct index *x, struct link *l, uint64_t hash);
void index_remove(struct index *x, struct link *l); /* does nothing when it is in none */
void index_close(struct index *x);                  /* forgets all entries; they are the caller's */

/* The entries of that hash, in no order; NULL: no more. Entries of unequal keys may share a hash. */
struct link *index_first(const struct index *x, uint64_t hash);
struct link *index_next(const struct link *l);

/* All entries: (x, 0 and NULL) gives the first, (x, bucket, entry) the next one. */
struct link *index_walk(const struct index *x, size_t *bucket, struct link *after);

#endif
