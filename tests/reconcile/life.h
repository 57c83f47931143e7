/* The real machines against a simulated cluster: a model API server, a network that delays and loses, hosts that stall and
 * crash, watches that freeze, clocks that jump, pods that die, people who edit and delete. Everything follows from a seed. A
 * step is one event: a request or an answer arrives, a watch has a line, a machine is called because its time has come, or a
 * minute of the world passes. After each step the invariants are checked. */
#ifndef BRGATE_TEST_LIFE_H
#define BRGATE_TEST_LIFE_H

#include "api.h"

enum {
    HOSTS = 2,
    MOST_REFUSALS = 64,
    MOST_MESSAGES = 256,
    MOST_WATCHES = 16,
    TRACE_LINES = 60,
    TRACE_BYTES = 240
};

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
    const char *group_version, *resource;
    size_t cursor;
    int64_t due, ends, frozen_until;
    bool open;
};

/* An item that is the first one of its namespace to get a turn. */
struct first {
    const void *item;
    uint64_t turns;    /* that the machine had given when it became the first */
    size_t namespaces; /* that had items in the queue then */
};

enum { MOST_FIRST = 8 };

struct host {
    struct machine *m;
    unsigned number;
    unsigned generation; /* of the machine: what was sent to an older one is lost */
    int64_t base, wall_offset;
    int64_t starts_at, stalled_until, cut_until; /* cut: from the lease */
    int64_t retry_at;                            /* machine_wake() of the last call */
    struct watch watches[MOST_WATCHES];
    struct first first[MOST_FIRST];
    size_t first_count;
};

/* How often the creation of an object was refused to one machine in a span of time. */
struct refused_creation {
    uint64_t what; /* hash of machine, kind, namespace and name */
    int64_t since; /* ms */
    unsigned count;
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
    uint64_t collected;            /* the world's next uid when garbage was last collected */
    size_t changes_shown, at_once; /* at_once: steps without time */
    size_t steps, crashes, takeovers, conflicts, broken_machines;
    struct refused_creation refusals[MOST_REFUSALS];
    size_t namespaces_ended, waits; /* waits: objects that were the first of their namespace to wait */
    unsigned leader;
    char trace[TRACE_LINES][TRACE_BYTES];
    size_t trace_count;
};

bool life_open(struct life *l, const struct schema_set *schemas, const struct gate *gate, uint64_t seed);
void life_close(struct life *l);

/* Does the next step, or none until `end` (ms). */
void life_step(struct life *l, int64_t end);
/* Lets that much time pass; ends early when an invariant is broken. */
void life_run(struct life *l, int64_t seconds);

/* With the world at rest and no faults: returns whether the machines stop writing. `ret` is the number of writes. */
bool life_settles(struct life *l);

void life_trace(struct life *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
void life_print_trace(const struct life *l);

/* The host's machine dies with everything that it knew; another one starts soon. */
void life_crash(struct life *l, struct host *h);

/* faults.c: faults, and between them actions of people. */
void faults_strike(struct life *l);
/* people.c */
void people_act(struct life *l);

/* fairness.c: the first object of a namespace gets its turn after at most one of each other namespace. */
void fairness_check(struct life *l, struct host *h);

/* namespaces.c: namespace "team", which people create and delete. */
void namespaces_open(struct life *l);
void namespaces_create_team(struct life *l);
void namespaces_delete_team(struct life *l); /* does nothing when there is none */
/* What the namespace controller does: it deletes what is in namespaces that end. A deletion that does not end breaks an
 * invariant. */
void namespaces_work(struct life *l);
/* A creation was refused. To one machine that may happen again only after longer and longer waits. */
void namespaces_refused(struct life *l, const struct host *h, const struct machine_request *q);

#endif
