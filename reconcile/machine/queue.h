/* The objects that get turns, and when. Internal to this layer.
 *
 * An item is in one of four states: it rests, waits in its namespace's lane, has its turn's request in flight, or is due at
 * a time. Namespaces take turns, so that one with very many objects does not hold up the others; within one the order is
 * that of arrival. */
#ifndef BRGATE_MACHINE_QUEUE_H
#define BRGATE_MACHINE_QUEUE_H

#include "cache.h"

/* The most that one object names: that of its storage, and that with the database's password. */
enum { MOST_SECRETS = 2 };

/* What the machine remembers of an object between turns. It can forget all of it at the cost of a request. */
struct memory {
    /* The log backup's task, as last answered at `task_at` (0: never), and since when every answer was "not there". */
    struct log_task task;
    slice task_error;
    int64_t task_at, missing_since;
    /* The creation that was refused last, until it is tried again at `refused_until`. Empty: none. */
    slice refused_kind, refused_name, refused_message;
    bool refused_terminating;
    unsigned refusals; /* of it in a row */
    int64_t refused_until;
    /* An object to read before the next plan: a write has met a newer one. Empty: none. */
    enum kind_number look_kind;
    slice look_name;
    /* An object that plans see although this one does not control it: one whose name this one needs, or one without an owner
     * that this one has made. Empty: none. */
    enum kind_number beside_kind;
    slice beside_name;
    /* The Secrets that it names, each as read at `at` (0: never). */
    struct seen_secret {
        slice name;
        slice json;  /* cut to its keys; empty: there is none */
        bool hidden; /* it may not be read */
        int64_t at;
    } secrets[MOST_SECRETS];
    int64_t probed_at;  /* ms: when it was asked whether the namespace still takes Jobs; 0: never */
    bool probe_refused; /* that may not be asked, which was said */
};

struct lane;

struct item {
    struct link by_name;
    struct link hold; /* in queue.holds, while it is not known whether its last creation has had its effect */
    struct link wait; /* in queue.waits, by its TiDB cluster, while a run is due that could not be made yet */
    int64_t waits_since; /* Unix seconds: since when it is due */
    struct lane *lane;
    struct item *next; /* in the lane */
    enum kind_number kind;
    bool queued, busy, again; /* again: something changed while it was busy */
    bool delayed;             /* the due time is that of a failure: changes do not bring it forward */
    size_t timer;             /* its place among the timers, from 1; 0: none */
    int64_t due;              /* ms */
    unsigned failures;        /* since the last success */
    unsigned streak;          /* writes since it rested last */
    uint64_t denied;          /* hash of why the gate denies it; 0: it does not */
    uint64_t said;            /* hash of what was noted last: what it waits for; in a dry run, the plan */
    int64_t said_at;          /* ms: when; 0: never */
    struct plan_lag lag;      /* as of its last turn */
    int64_t
        confirmed_at; /* ms: when the API server last said that this version of the object is the newest */
    uint64_t confirmed;
    struct memory *memory; /* NULL: nothing to remember */
    uint32_t namespace_n, name_n;
    char text[]; /* namespace, name */
};

/* Return the name of the item's object; it lives as long as the item. */
slice item_namespace(const struct item *i);
slice item_name(const struct item *i);

struct queue {
    struct keep *keep;
    struct index items, lanes, holds, waits;
    struct lane *first, *last; /* the lanes that have items, in the order of their turns */
    size_t ready;              /* items in lanes */
    struct item **timers;      /* a heap by due time */
    size_t timer_count, timer_capacity, delayed_count;
};

struct queue queue_new(struct keep *k); /* an empty one */
void queue_clear(struct queue *q);      /* forgets all items, busy ones too */

/* Returns the item of that name; NULL when there is none. */
struct item *queue_find(const struct queue *q, enum kind_number kind, slice namespace, slice name);
/* Returns the item of that name, and makes it if it is new. */
struct item *queue_item(struct queue *q, enum kind_number kind, slice namespace, slice name);
/* It must not be busy. */
void queue_forget(struct queue *q, struct item *i);

/* Something that the item depends on has changed: it gets a turn soon, unless it waits after a failure. */
void queue_touch(struct queue *q, struct item *i);

/* Takes the next item, which is busy then; NULL: none is ready. Every item taken is given back with queue_rest() or
 * queue_delay(). */
struct item *queue_take(struct queue *q);
/* `due`: when it gets a turn even if nothing changes; 0: never. */
void queue_rest(struct queue *q, struct item *i, int64_t due);
void queue_delay(struct queue *q, struct item *i, int64_t due); /* after a failure */

/* While an item holds something, others wait for it: a schedule that makes a run holds the TiDB cluster until the cache
 * shows the run, or certainly has none. */
void queue_hold(struct queue *q, struct item *i, uint64_t what);
void queue_release(struct queue *q, struct item *i); /* does nothing when it holds nothing */
bool queue_is_held(const struct queue *q, const struct item *i, uint64_t what); /* by another one */

/* If several wait for the same thing, the one that has waited longest gets it. */
void queue_wait(struct queue *q, struct item *i, uint64_t what, int64_t since);
void queue_wait_over(struct queue *q, struct item *i); /* does nothing when it does not wait */
bool queue_is_behind(const struct queue *q, const struct item *i, uint64_t what, int64_t since);
void queue_touch_waiting(struct queue *q, uint64_t what); /* all that wait for it get a turn soon */

void queue_wake(struct queue *q, int64_t now); /* those that are due become ready */
void queue_wake_rested(struct queue *q); /* all that wait for a time, not those that wait after a failure */
int64_t queue_next_due(const struct queue *q); /* INT64_MAX: none */

struct memory *item_memory(struct queue *q, struct item *i); /* made when there is none */

#endif
