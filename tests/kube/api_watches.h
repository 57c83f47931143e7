/* The open watches of the API double: each answers with what is pushed to its path until it is ended. */
#ifndef BRGATE_TESTS_API_WATCHES_H
#define BRGATE_TESTS_API_WATCHES_H

#include "slice.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>

enum { MOST_WATCHES = 8, WATCH_PATH = 256 };

enum watch_end { WATCH_GOES_ON, WATCH_ENDS, WATCH_IS_CUT };

struct watch {
    pthread_mutex_t *lock;
    struct MHD_Connection *connection; /* NULL: the place is free */
    char path[WATCH_PATH];
    char *bytes;
    size_t n, sent;
    enum watch_end end;
    bool asleep; /* its connection is suspended */
};

struct watches {
    pthread_mutex_t lock; /* never held in calls of libmicrohttpd except to suspend or resume */
    struct watch items[MOST_WATCHES];
};

/* Queues an answer that streams. */
enum MHD_Result watches_open(struct watches *all, struct MHD_Connection *c, const char *path);

/* Send `bytes` that many times to the watches of a path; return the number of watches; end all of them, properly or by a
 * cut. */
void watches_push(struct watches *all, const char *path, slice bytes, unsigned times);
unsigned watches_count(struct watches *all, const char *path);
void watches_end(struct watches *all, bool orderly);

#endif
