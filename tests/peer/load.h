/* A closed-loop load over keep-alive TLS: every connection sends its next request when it has the answer. */
#ifndef BRGATE_LOAD_H
#define BRGATE_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load {
    unsigned port, connections;
    size_t requests;     /* over all connections, after a tenth as many to warm up */
    const char *message; /* one whole request */
    size_t message_size;
};

struct load_result {
    double seconds;
    uint64_t *latencies;    /* nanoseconds, sorted; the caller frees them */
    size_t count, failures; /* failures: any answer but 200 */
};

/* `measure` is called when the warm-up is over, while the connections are open. False when a connection
 * fails. */
bool load_run(const struct load *l, void (*measure)(void *), void *closure, struct load_result *ret);

#endif
