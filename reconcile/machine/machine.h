/* The controller of `brgate reconcile` without its input and output: events and time go in, requests come out.
 *
 *     struct machine *m = machine_new(&settings);
 *     for (;;) {
 *         while (machine_next(m, now(), &request))
 *             start(&request);                      // does not wait for the answer
 *         while (machine_note(m, &note))
 *             log(&note);
 *         enum machine_state state = machine_state(m);
 *         if (state >= MACHINE_ENDED)
 *             break;
 *         wait until machine_wake(m), or until there is an event; then machine_event(m, now(), &event);
 *     }
 *     machine_free(m);
 *
 * It opens nothing, reads no clock and starts no thread, so that the code that runs in a cluster is the code that
 * tests/reconcile simulates. A machine belongs to one thread at a time. It is total: any sequence of events leaves it in order, even answers to no request.
 *
 * What it does, once it holds the lease:
 *
 *     list and watch  ->  cache  ->  queue  ->  turn: gate, observe, plan  ->  one request  ->  its answer  ->  cache, queue
 *
 * A turn takes one object, plans with what the cache holds (plan.h), and sends at most one request: the first action of
 * the plan. The answer goes into the cache before the object gets its next turn, so the cache always includes what this
 * machine has written. When the plan has no action left, the object rests until it or something that it depends on changes, or until the time that the plan gave.
 *
 * Why a crash, a conflict or a second machine does no harm: plan.h says what the names and preconditions achieve. All
 * knowledge is in the cluster: a new machine begins with the lists. */
#ifndef BRGATE_MACHINE_H
#define BRGATE_MACHINE_H

#include "plan.h"
#include "verdict.h"

struct machine;

/* A moment on both clocks. Waiting and the lease go by `ms`, due times and statuses by `wall`. */
struct machine_moment {
    int64_t ms;   /* of a clock that never steps back and has no zero (CLOCK_BOOTTIME) */
    int64_t wall; /* seconds of the wall clock, which may be set */
};

/* ---- settings ---- */

#define MACHINE_KIND(group, kind) (1u << ((unsigned)(group)*3 + (unsigned)(kind)))
#define MACHINE_DEFAULT_KINDS                                                                                \
    (MACHINE_KIND(GROUP_BR, KIND_BACKUP_SCHEDULE) | MACHINE_KIND(GROUP_BR, KIND_COMPACT_BACKUP))

struct machine_settings {
    const struct gate *gate; /* judges each object before it is planned for; must outlive the machine */
    struct plan_settings plan;
    /* Of MACHINE_KIND: those to handle. Kinds that a TiDB Operator with a visible Deployment handles are left to it, and a
     * note says so. */
    unsigned kinds;
    slice namespace; /* the only one to look at; empty: all */
    bool dry_run;    /* takes no lease and writes nothing: notes say what would be done */

    slice identity; /* of this process among those that compete for the lease: unique */
    slice lease_namespace, lease_name;
    /* Milliseconds, 0 for the defaults of client-go: a lease that was not renewed for 15 s is free; the holder gives
     * up when it could not renew for 10 s; it renews, and others try, every 2 s. */
    int64_t lease_duration, lease_renew_deadline, lease_retry;

    unsigned most_in_flight; /* requests at a time, without watches and the lease; 0: 16 */
};

/* Copies the settings except the gate and the zone. NULL when the system has no memory. */
struct machine *machine_new(const struct machine_settings *settings);
void machine_free(struct machine *m); /* NULL is allowed */

/* ---- requests ---- */

enum machine_verb {
    MACHINE_LIST,   /* GET of a collection */
    MACHINE_WATCH,  /* GET of a collection that streams lines; `query` has watch=1 */
    MACHINE_GET,    /* GET of one object */
    MACHINE_CREATE, /* POST to the collection; `name` is empty */
    MACHINE_UPDATE, /* PUT */
    MACHINE_PATCH,  /* PATCH, application/merge-patch+json */
    MACHINE_DELETE, /* DELETE with DeleteOptions as body */
    MACHINE_ASK,    /* no request of the API server: see `question` */
    MACHINE_VERB_COUNT
};

/* A question to the TiDB cluster about a log backup. */
struct machine_question {
    slice task;       /* its name, below /tidb/br-stream in PD's etcd */
    slice pd_address; /* "pd-pd.prod:2379" */
    slice
        tls_secret; /* in the request's namespace: the client certificate (tls.crt, tls.key, ca.crt); empty: no TLS */
};

/* The texts live until the next call of the machine with an event, or of machine_next(). */
struct machine_request {
    uint64_t id; /* names the request in its answer; never used twice */
    enum machine_verb verb;
    const char *group_version;               /* "batch/v1", "v1" */
    const char *resource;                    /* "jobs" */
    const char *subresource;                 /* "status" or NULL */
    slice namespace, name;                   /* may be empty */
    slice query;                             /* encoded; may be empty */
    slice body;                              /* JSON; may be empty */
    const struct machine_question *question; /* of MACHINE_ASK; NULL otherwise */
    /* Moment of the clock `ms` at which the host gives up: it answers with status 0. The host must not start a write later:
     * by then the lease may belong to another machine. For a watch: its latest end. */
    int64_t deadline;
};

/* Writes the next request to send; false when there is none at this moment. */
bool machine_next(struct machine *m, struct machine_moment now, struct machine_request *ret);

/* Returns whether the machine still needs the answer. When it does not (the lease was lost), the host may abandon the
 * request, and should abandon a watch. The machine ignores the answer of such a request. */
bool machine_awaits(const struct machine *m, uint64_t id);

/* ---- events ---- */

enum machine_event_kind {
    MACHINE_ANSWER, /* the answer to any request but a watch. Each request gets one */
    MACHINE_TASK,   /* the answer to MACHINE_ASK: `task`; one that is not `known` when the question failed */
    MACHINE_WATCH_LINE, /* one line of a watch in `body`, without its end */
    MACHINE_WATCH_END, /* the watch is over, or could not be opened (`status`, `body`, `error`). One for each watch */
    MACHINE_STOP, /* end: wait for what is in flight, then give the lease back */
};

struct machine_event {
    enum machine_event_kind kind;
    uint64_t id; /* of the request */
    int status;  /* HTTP; 0: no answer came, or none that can be read: the request may have had its effect */
    slice body;  /* what the server sent: an object, a list, a line, a Status; read only during the call */
    slice error; /* one line for people when it is not 2xx; may be empty */
    unsigned retry_after;        /* milliseconds, as the server asked; 0: it did not */
    const struct log_task *task; /* of MACHINE_TASK. `missing_since` is ignored: the machine keeps it */
};

/* Takes the event into account. machine_next() returns the requests that follow from it. */
void machine_event(struct machine *m, struct machine_moment now, const struct machine_event *e);

/* ---- state ---- */

enum machine_state {
    MACHINE_STARTING, /* the lease could not be read or made yet */
    MACHINE_STANDBY,  /* another process holds the lease */
    MACHINE_SYNCING,  /* leads; not everything is listed yet */
    MACHINE_LEADING,  /* at work (in a dry run: looking) */
    MACHINE_STOPPING, /* after MACHINE_STOP */
    MACHINE_ENDED,    /* nothing is in flight, and the lease is given back: the host may exit */
    MACHINE_BROKEN, /* the system had no memory. The host exits with an error: a new process begins with the lists */
};
enum machine_state machine_state(const struct machine *m); /* now */

/* Returns the moment of the clock `ms` at which to call machine_next() again even without an event. */
int64_t machine_wake(const struct machine *m);

/* One line of the log. The texts live as long as those of a request. */
enum machine_level { MACHINE_INFO, MACHINE_WARNING, MACHINE_ERROR };
struct machine_note {
    enum machine_level level;
    slice kind, namespace, name; /* the object that it is about; empty: none */
    slice text;                  /* one sentence without a full stop */
};
/* Takes the oldest note; false when there is none. Of too many untaken notes the oldest are dropped. */
bool machine_note(struct machine *m, struct machine_note *ret);

/* For metrics: gauges, and counts since machine_new(). */
enum machine_count {
    /* gauges */
    MACHINE_OBJECTS,   /* in the cache */
    MACHINE_BYTES,     /* that the cache takes */
    MACHINE_QUEUED,    /* objects that wait for a turn now */
    MACHINE_DELAYED,   /* objects that wait after a failure */
    MACHINE_IN_FLIGHT, /* requests, without watches */
    MACHINE_UNLISTED,  /* kinds that may not be listed, and handled ones that the cluster does not have */
    /* counters */
    MACHINE_TURNS,
    MACHINE_WRITES, /* that were answered with 2xx */
    MACHINE_CONFLICTS,
    MACHINE_FAILURES, /* other answers to writes */
    MACHINE_RELISTS,
    MACHINE_EVENTS_DROPPED, /* of the Events that would tell users */
    MACHINE_NOTES_DROPPED,
    MACHINE_COUNT_COUNT
};
uint64_t machine_count(const struct machine *m, enum machine_count what);
/* Returns how many objects of that kind the gate denies now. */
uint64_t machine_denied(const struct machine *m, enum api_group group, enum resource_kind kind);

/* How the handled objects are doing, as of their last turns. */
struct machine_lag {
    slice kind, namespace, name; /* live until the machine's next call */
    struct plan_lag lag;
    size_t bucket; /* of the walk; both 0 at first */
    const void *at;
};
/* Goes on to the next object that has a lag; false after the last one. Start with a zeroed one. */
bool machine_lag(const struct machine *m, struct machine_lag *walk);

/* ---- for tests ---- */

/* The nth allocation from now (1 is the next) fails; 0 switches off. */
void machine_fail_at(struct machine *m, uint64_t nth);
uint64_t machine_allocations(const struct machine *m);

#endif
