/* Chained hashing. */
#include "index.h"

enum { FIRST_BUCKETS = 64 };

static struct link **bucket_of(const struct index *x, uint64_t hash)
{
    return &x->buckets[hash & (x->bucket_count - 1)];
}

static void insert(struct index *x, struct link *l)
{
    struct link **bucket = bucket_of(x, l->hash);
    l->next = *bucket;
    l->at = bucket;
    if (l->next)
        l->next->at = &l->next;
    *bucket = l;
}

static void grow(struct index *x)
{
    struct index bigger = {.keep = x->keep,
                           .bucket_count = x->bucket_count ? 2 * x->bucket_count : FIRST_BUCKETS,
                           .count = x->count};
    bigger.buckets = keep_alloc(x->keep, bigger.bucket_count * sizeof(struct link *));
    for (size_t i = 0; i < x->bucket_count; i++)
        for (struct link *l = x->buckets[i], *next; l; l = next) {
            next = l->next;
            insert(&bigger, l);
        }
    keep_free(x->keep, x->buckets, x->bucket_count * sizeof(struct link *));
    *x = bigger;
}

void index_reserve(struct index *x)
{
    if (x->count >= x->bucket_count)
        grow(x);
}

void index_add(struct index *x, struct link *l, uint64_t hash)
{
    index_reserve(x);
    l->hash = hash;
    insert(x, l);
    x->count++;
}

void index_remove(struct index *x, struct link *l)
{
    if (!l->at)
        return;
    *l->at = l->next;
    if (l->next)
        l->next->at = l->at;
    l->at = NULL;
    x->count--;
}

void index_close(struct index *x)
{
    keep_free(x->keep, x->buckets, x->bucket_count * sizeof(struct link *));
    *x = (struct index){.keep = x->keep};
}

static struct link *of_hash(struct link *l, uint64_t hash)
{
    while (l && l->hash != hash)
        l = l->next;
    return l;
}

struct link *index_first(const struct index *x, uint64_t hash)
{
    return x->bucket_count ? of_hash(*bucket_of(x, hash), hash) : NULL;
}

struct link *index_next(const struct link *l)
{
    return of_hash(l->next, l->hash);
}

struct link *index_walk(const struct index *x, size_t *bucket, struct link *after)
{
    if (after && after->next)
        return after->next;
    for (size_t i = after ? *bucket + 1 : 0; i < x->bucket_count; i++)
        if (x->buckets[i]) {
            *bucket = i;
            return x->buckets[i];
        }
    return NULL;
}
