/* Arenas that wait for the next request. */
#include "request.h"

#include <pthread.h>

struct arena_pool {
    pthread_mutex_t lock;
    size_t limit;
    struct arena_budget *budget;
    unsigned count, most;
    struct arena *waiting[];
};

struct arena_pool *arena_pool_new(unsigned most, size_t limit, struct arena_budget *budget)
{
    struct arena_pool *p = calloc(1, sizeof *p + most * sizeof(void *));
    if (!p)
        return NULL;
    pthread_mutex_init(&p->lock, NULL);
    p->limit = limit;
    p->budget = budget;
    p->most = most;
    return p;
}

void arena_pool_free(struct arena_pool *p)
{
    if (!p)
        return;
    while (p->count)
        arena_free(p->waiting[--p->count]);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

struct arena *arena_pool_take(struct arena_pool *p)
{
    struct arena *a = NULL;
    pthread_mutex_lock(&p->lock);
    if (p->count)
        a = p->waiting[--p->count];
    pthread_mutex_unlock(&p->lock);
    if (a)
        return a;
    a = arena_new(p->limit);
    if (a)
        arena_share(a, p->budget);
    return a;
}

void arena_pool_give(struct arena_pool *p, struct arena *a)
{
    bool kept = false;
    if (arena_reserved(a) <= ARENA_KEEP_BYTES) {
        arena_reset(a);
        pthread_mutex_lock(&p->lock);
        kept = p->count < p->most;
        if (kept)
            p->waiting[p->count++] = a;
        pthread_mutex_unlock(&p->lock);
    }
    if (!kept)
        arena_free(a);
}
