#include "check.h"

#include "api_watches.h"

#include <stdlib.h>
#include <string.h>

/* libmicrohttpd asks again at once while there is nothing to send, unless the connection is suspended. */
static ssize_t watch_read(void *context, uint64_t at, char *to, size_t most)
{
    struct watch *w = context;
    pthread_mutex_t *lock = w->lock;
    (void)at;
    pthread_mutex_lock(lock);
    size_t left = w->n - w->sent;
    ssize_t n = (ssize_t)(left < most ? left : most);
    memcpy(to, w->bytes ? w->bytes + w->sent : "", (size_t)n);
    w->sent += (size_t)n;
    if (!n && w->end != WATCH_GOES_ON)
        n = w->end == WATCH_ENDS ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
    if (!n) {
        w->asleep = true;
        MHD_suspend_connection(w->connection);
    }
    pthread_mutex_unlock(lock);
    return n;
}

static void watch_close(void *context)
{
    struct watch *w = context;
    pthread_mutex_t *lock = w->lock;
    pthread_mutex_lock(lock);
    free(w->bytes);
    *w = (struct watch){0};
    pthread_mutex_unlock(lock);
}

static void watch_wake(struct watch *w)
{
    if (w->asleep)
        MHD_resume_connection(w->connection);
    w->asleep = false;
}

enum MHD_Result watches_open(struct watches *all, struct MHD_Connection *c, const char *path)
{
    struct watch *w = all->items;
    pthread_mutex_lock(&all->lock);
    while (w->connection)
        w++;
    *w = (struct watch){.lock = &all->lock, .connection = c};
    snprintf(w->path, sizeof w->path, "%s", path);
    pthread_mutex_unlock(&all->lock);
    struct MHD_Response *r =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 32 << 10, watch_read, w, watch_close);
    enum MHD_Result result = MHD_queue_response(c, 200, r);
    MHD_destroy_response(r);
    return result;
}

void watches_push(struct watches *all, const char *path, slice bytes, unsigned times)
{
    pthread_mutex_lock(&all->lock);
    for (struct watch *w = all->items; w < all->items + MOST_WATCHES; w++) {
        if (!w->connection || strcmp(w->path, path) != 0)
            continue;
        w->bytes = realloc(w->bytes, w->n + bytes.n * times);
        assert_non_null(w->bytes);
        for (unsigned i = 0; i < times; i++, w->n += bytes.n)
            memcpy(w->bytes + w->n, bytes.p, bytes.n);
        watch_wake(w);
    }
    pthread_mutex_unlock(&all->lock);
}

unsigned watches_count(struct watches *all, const char *path)
{
    unsigned n = 0;
    pthread_mutex_lock(&all->lock);
    for (size_t i = 0; i < MOST_WATCHES; i++)
        n += all->items[i].connection && strcmp(all->items[i].path, path) == 0;
    pthread_mutex_unlock(&all->lock);
    return n;
}

void watches_end(struct watches *all, bool orderly)
{
    pthread_mutex_lock(&all->lock);
    for (struct watch *w = all->items; w < all->items + MOST_WATCHES; w++) {
        if (!w->connection)
            continue;
        w->end = orderly ? WATCH_ENDS : WATCH_IS_CUT;
        watch_wake(w);
    }
    pthread_mutex_unlock(&all->lock);
}
