/* The life of one request between libmicrohttpd and the handler. */
#ifndef BRGATE_REQUEST_H
#define BRGATE_REQUEST_H

#include "log.h"
#include "metrics.h"

#include <microhttpd.h>
#include <stdatomic.h>

/* The outcome of reading the policy again. */
struct policy_reloads {
    atomic_uint_least64_t done, failed;
    atomic_bool matches_file;
};

/* What all requests of a server share. */
struct service {
    const struct server_options *options;
    const struct server_handler *handler;
    struct metrics *metrics;
    struct log *log;
    struct arena_pool *arenas;
    struct arena_budget memory; /* of all reviews */
    atomic_uint in_flight;      /* the headers are complete, the answer is not sent */
    atomic_uint answering;      /* of these, those whose body is complete: what is limited */
    struct policy_reloads policy;
    atomic_bool draining;       /* say "Connection: close" */
    _Atomic(const char *) held; /* why the server is not ready; NULL: it is */
};

enum request_step {
    REQUEST_NEW,      /* its headers are coming in */
    REQUEST_BODY,     /* its body is */
    REQUEST_JUDGED,   /* the handler has it */
    REQUEST_ANSWERED, /* by the handler; the answer is going out */
    REQUEST_SHED,     /* its body is complete, and it was answered without the handler */
    REQUEST_REFUSED,  /* before its body */
};

/* Embedded in its connection and used again for the next request. */
struct request {
    _Atomic enum request_step step; /* written by the worker, read by the thread that makes room */
    slice
        target; /* of the request line, where libmicrohttpd parses it in place: the text may have changed since */
    bool odd_target; /* has bytes that no target has */
    size_t endpoint; /* SLICE_NONE: no such path */
    struct arena *arena;
    char *body;
    size_t length, capacity, expected;
    uint64_t duration_ns;
    struct server_answer answer;
    bool lost;         /* no memory for all of the body: the rest is thrown away */
    bool answering;    /* counted as such */
    bool unread;       /* refused while much of its body was still to come */
    atomic_bool known; /* the last request on this connection was a review that got a verdict */
};

/* libmicrohttpd's callbacks; the closure is the service. */
void *request_begin(void *service, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result request_continue(void *service, struct MHD_Connection *mhd, const char *url,
                                 const char *method, const char *version, const char *data, size_t *size,
                                 void **context);
void request_end(void *service, struct MHD_Connection *mhd, void **context,
                 enum MHD_RequestTerminationCode how);

/* Warm arenas, one per request in flight. One that has grown beyond ARENA_KEEP_BYTES is freed; a usual review takes 20
 * to 50 KB. */
enum { ARENA_KEEP_BYTES = 256 << 10 };
struct arena_pool *arena_pool_new(unsigned most, size_t limit, struct arena_budget *budget);
void arena_pool_free(struct arena_pool *p);
struct arena *arena_pool_take(struct arena_pool *p); /* NULL when the system has no memory */
void arena_pool_give(struct arena_pool *p, struct arena *a);

#endif
