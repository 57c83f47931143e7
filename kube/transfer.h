/* One request on one libcurl handle: its setup, its answer and the meaning of the answer. Internal to this layer. */
#ifndef BRGATE_KUBE_TRANSFER_H
#define BRGATE_KUBE_TRANSFER_H

#include "curl.h"
#include "outcome.h"

enum {
    TOKEN_BYTES = 32 << 10, /* tokens with many audiences and claims stay below 4 KB */
    ANSWER_BYTES = 8 << 20, /* what json_read() takes */
};

struct kube {
    struct arena *arena; /* the configuration */
    struct kube_access config;
    struct kube_limits limits;
    const atomic_bool *stop; /* NULL: never */
    const struct curl *curl;
    CURL *handle; /* of kube_do() */
    char token[TOKEN_BYTES];
    uint64_t token_read_at; /* milliseconds; 0: not yet */
};

/* Reads the token again when it is old or when `forced`. False when there is none that could be sent. */
bool kube_refresh_token(struct kube *k, bool forced);
struct kube_answer kube_no_token(const struct kube *k, struct arena *a);

/* One attempt. */
struct transfer {
    struct kube *kube;
    CURL *handle;
    struct arena *arena; /* of the body and of what is sent */
    struct curl_slist *headers;
    struct buf body;
    struct buf warnings; /* lines */
    /* Takes the bytes of an answer that is OK in place of the body; false ends the transfer. NULL: the body is kept. */
    bool (*stream)(void *context, slice bytes);
    void *context;
    int status;           /* HTTP; 0: no complete answer */
    unsigned retry_after; /* milliseconds */
    int64_t date;         /* Unix seconds; 0: none */
    CURLcode code;
    char why[CURL_ERROR_SIZE];
};

/* Sets what stays the same for all requests of the client. */
void transfer_prepare(struct kube *k, CURL *handle);

/* Makes the handle ready to send the request, `timeout` milliseconds for all of it (0: no limit). `t` must not move until
 * transfer_end(); its stream and context are kept. False when memory runs out: transfer_end() must still be called. */
bool transfer_begin(struct transfer *t, struct kube *k, CURL *handle, struct arena *a,
                    const struct kube_request *q, unsigned timeout);
void transfer_end(struct transfer *t, CURLcode code);

/* Puts bytes from within libcurl, through which we must not unwind. False when there is no more room. */
bool transfer_keep(struct buf *b, slice bytes);

/* Returns the outcome of the attempt, after transfer_end(); without `root`. Unwinds when the arena is exhausted. */
struct kube_answer transfer_answer(const struct transfer *t, struct arena *a, const struct kube_request *q);

/* Whether to try once more: the server refused the token, and the file may hold a newer one, which this reads. */
bool transfer_renews_token(struct kube *k, const struct transfer *t);

#endif
