/* Counters of the server and their text for Prometheus (exposition format 0.0.4).
 *
 * Every thread counts in a shard of its own, so counting costs a few nanoseconds and no lock; a scrape adds
 * the shards up. The label sets are closed: nothing that a request says becomes a label. */
#ifndef BRGATE_METRICS_H
#define BRGATE_METRICS_H

#include "buf.h"
#include "server.h"

/* Why a request was refused before the handler saw it, or a connection was shut. */
enum rejection_reason {
    REJECTED_PATH,
    REJECTED_METHOD,
    REJECTED_MEDIA_TYPE,
    REJECTED_HEADER,            /* NUL, Host missing, malformed or given twice */
    REJECTED_LENGTH,            /* Content-Length missing or given twice */
    REJECTED_TRANSFER_ENCODING, /* of any form */
    REJECTED_EXPECTATION,
    REJECTED_TOO_LARGE,
    REJECTED_OVERLOAD, /* too many requests in flight, or no memory for one more */
    REJECTED_HANDSHAKE_DEADLINE,
    REJECTED_REQUEST_DEADLINE,
    REJECTED_NO_PROGRESS, /* too many bytes or records without progress */
    REJECTED_CROWDED,     /* to make room for a newcomer */
    REJECTED_REASON_COUNT
};

struct metrics;

/* Values that are read at each scrape rather than counted. */
struct metrics_gauges {
    uint64_t in_flight, connections, log_lines_dropped, log_lines_left_out;
    bool ready;
    bool tls;   /* the rest is known */
    bool valid; /* tls_trouble() has nothing to say */
    int64_t not_before, not_after, loaded_at;
    char fingerprint[65]; /* hex SHA-256 of the served leaf */
    uint64_t reloads, reload_failures;
    bool matches_file;
    bool policy; /* the rest is known */
    uint64_t policy_reloads, policy_reload_failures;
    bool policy_matches_file;
};

struct metrics *metrics_new(const struct server_handler *h); /* NULL when the system has no memory */
void metrics_free(struct metrics *m);                        /* NULL is allowed */

/* Counts a review, or a request that was refused before it became one. */
void metrics_review(struct metrics *m, size_t endpoint, const struct server_answer *answer, uint64_t ns);
void metrics_refused(struct metrics *m, enum rejection_reason reason);
void metrics_connection(struct metrics *m); /* accepted */
void metrics_handshake(struct metrics *m);  /* completed */
void metrics_aborted(struct metrics *m);    /* the client went away in the middle of a request */

/* Writes the page for Prometheus. */
void metrics_render(const struct metrics *m, const struct metrics_gauges *g, struct buf *b);

#endif
