/* The real machines against a simulated cluster: a model API server, a network that delays and loses, hosts that stall
 * and crash, watches that freeze, clocks that are set, pods that die, people that edit and delete. Everything follows from
 * a seed; a step is one thing that happens: a request or an answer that arrives, a line of a watch, a machine
 * that is called because its time has come, a minute of the world. After each the invariants are checked. */
#ifndef BRGATE_TEST_LIFE_H
#define BRGATE_TEST_LIFE_H

#include "api.h"

enum { HOSTS = 2, MOST_MESSAGES = 256, MOST_WATCHES = 16, TRACE_LINES = 60, TRACE_BYTES = 240 };

struct message {
    int64_t due; /* ms */
    uint64_t number;
    bool to_server, lost_answer;
    unsigned host, generation;
    char *texts; /* of the request */
    struct machine_request request;
    int status; /* of the answer */
    char *body;
    size_t body_n;
    struct log_task task;
};

struct watch {
    uint64_t id;
    const char *resource;
    size_t cursor;
    int64_t due, ends, frozen_until;
    bool open;
};

struct host {
    struct machine *m;
    unsigned number;
    unsigned generation; /* of the machine: what was sent to an older one is lost */
    int64_t base, wall_offset;
    int64_t starts_at, stalled_until, cut_until; /* cut: from the lease */
    int64_t retry_at;                            /* machine_wake() of the last call */
    struct watch watches[MOST_WATCHES];
};

struct life {
    struct simulation s;
    struct api api;
    const struct gate *gate;
    int64_t lease_retry; /* ms; the lease lasts six times as long */
    struct host hosts[HOSTS];
    int64_t ms, world_ms; /* now; of the next minute of the world */
    bool world_stands_still;
    struct message *messages[MOST_MESSAGES];
    size_t message_count;
    uint64_t last_message;
    size_t changes_shown, at_once; /* at_once: steps without time */
    size_t steps, crashes, takeovers, conflicts, broken_machines;
    unsigned leader;
    char trace[TRACE_LINES][TRACE_BYTES];
    size_t trace_count;
};

bool life_open(struct life *l, const struct schema_set *schemas, const struct gate *gate, uint64_t seed);
void life_close(struct life *l);

/* The next thing that happens, or nothing until `end` (ms). */
void life_step(struct life *l, int64_t end);
/* Lets so much time pass; ends early when an invariant is broken. */
void life_run(struct life *l, int64_t seconds);

/* With the world at a stand and no faults: whether the machines stop writing, and the number of writes is `ret`. */
bool life_settles(struct life *l);

void life_trace(struct life *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
void life_print_trace(const struct life *l);

/* The host's machine is gone, with all that it knew; another one starts soon. */
void life_crash(struct life *l, struct host *h);

/* faults.c: what goes wrong, and what people do. */
void faults_strike(struct life *l);

#endif
