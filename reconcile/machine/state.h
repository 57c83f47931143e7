/* The machine's parts, and the functions that its files share. Internal to this layer. */
#ifndef BRGATE_MACHINE_STATE_H
#define BRGATE_MACHINE_STATE_H

#include "cache.h"
#include "machine.h"
#include "queue.h"

/* What a request in flight is for. */
enum purpose {
    FOR_NOTHING, /* the slot is free */
    FOR_LEASE,
    FOR_LIST,
    FOR_WATCH,
    FOR_EVENT,
    FOR_WRITE,  /* the first action of an item's plan; the rest is also an item's */
    FOR_LOOK,   /* reads the object that was to be written, after a conflict */
    FOR_SECRET, /* reads the Secret that the item's object names */
    FOR_PROBE,  /* asks whether the namespace still takes Jobs */
    FOR_TASK,   /* asks for the log backup's task */
};

struct flight {
    uint64_t id;
    enum purpose purpose;
    enum machine_verb verb;
    enum kind_number kind; /* of the list or watch, or of the object */
    struct item *item;
    slice namespace, name; /* of the object; kept */
    uint64_t version;      /* of the object that is written, as it was in the cache; 0: it was not there */
    const char *event;     /* the reason of the Event that reports the action once it is done; NULL: none */
    slice why;             /* kept */
};

enum { MOST_ITEM_FLIGHTS = 64, MOST_FLIGHTS = MOST_ITEM_FLIGHTS + K_WATCHED + 8 };

/* Why a kind cannot be listed. */
enum unlisted {
    LISTED,             /* it can */
    UNLISTED_FORBIDDEN, /* it is unknown which objects there are */
    UNLISTED_MISSING,   /* the cluster does not have the kind, and so no object */
};

/* The list and watch of one kind. */
struct informer {
    bool needed;
    bool synced; /* was listed once, or cannot be listed */
    enum unlisted unlisted;
    bool busy;            /* a request is in flight */
    bool watches;         /* what was listed is to be watched, from `version` on */
    slice version, token; /* kept; the token continues a list */
    uint64_t seen;        /* the version up to which the stream is complete, as a number; 0: unknown */
    uint64_t round;       /* of the list */
    unsigned page;        /* objects on one page */
    unsigned failures;
    int64_t due;
    int64_t heard_at;   /* ms: the last page or line */
    int64_t trusted_at; /* ms: by then, what a long silence has held up will have arrived */
};

/* The lease as we saw it last, and our hold of it. [client-go: tools/leaderelection] */
struct lease {
    bool held, busy;
    int64_t renewed;               /* when the last request that renewed it was made */
    int64_t due;                   /* of the next attempt */
    int64_t sent;                  /* when the request in flight was made */
    bool known;                    /* there is one, as described below */
    bool absent;                   /* there is none */
    slice version, holder, record; /* kept; `record` changes with every renewal */
    slice acquired;
    int64_t transitions, duration; /* of the holder, ms */
    int64_t observed;              /* when the record was seen to change */
    bool given_back;
    bool seen; /* it was read or written once */
    /* Why it cannot be read ([0]) or written ([1]). */
    struct lease_trouble {
        bool is;
        int status;
        unsigned refusals; /* in a row */
        int64_t said_at;
    } trouble[2];
};

/* The Events for users: those to be sent, and those that were sent. */
enum { MOST_PENDING_EVENTS = 64, MOST_TOLD = 512, MOST_EVENT_FLIGHTS = 4 };
struct user_event {
    slice namespace, name, body; /* kept; the Event's */
};
struct teller {
    struct user_event pending[MOST_PENDING_EVENTS]; /* a ring */
    size_t first, count, in_flight;
    struct told {
        uint64_t hash;
        int64_t at;
    } told[MOST_TOLD]; /* a table by hash; a newer one takes an older one's place */
    int64_t tokens_at; /* ms: when the bucket was full last; each Event moves it on */
};

enum { MOST_NOTES = 256 };
struct noted {
    enum machine_level level;
    slice kind, namespace, name, text; /* kept */
};

struct machine {
    struct keep keep;
    struct arena *scratch; /* of one call; kept memory unwinds to its arena_run() */
    struct arena *work;    /* of one turn */
    struct machine_settings settings;
    struct machine_moment now;
    int64_t skew; /* of the two clocks, ms: `wall` - `ms` */
    bool broken, stopping, timed;
    bool has_plans;          /* an object had something to do since the lists were begun */
    bool told_lists;         /* what the first lists have brought was noted */
    int64_t silence_said_at; /* ms: when it was noted that the API server does not answer; 0: never */
    uint64_t last_id;
    struct flight flights[MOST_FLIGHTS];
    size_t item_flights;
    struct lease lease;
    struct informer informers[K_WATCHED];
    struct cache cache;
    struct queue queue;
    unsigned others; /* kinds (MACHINE_KIND) that an operator in the cluster handles: they are left to it */
    struct teller teller;
    struct noted notes[MOST_NOTES], note_taken; /* a ring */
    size_t note_first, note_count;
    size_t turns_left; /* of this call */
    uint64_t counts[MACHINE_COUNT_COUNT];
    uint64_t denied[K_HANDLED]; /* objects that the gate denies */
};

/* ---- state.c ---- */

/* Whether this machine acts, and whether it may write now: it certainly holds the lease. */
bool machine_acts(const struct machine *m);
bool machine_may_write(const struct machine *m);
bool machine_synced(const struct machine *m);

/* The slot of a new request, whose id is in `ret` then. A slot must be free: the callers keep to their limits. */
struct flight *flight_new(struct machine *m, enum purpose purpose, struct machine_request *ret);
void flight_end(struct machine *m, struct flight *f);

/* Adds a line to the log, about the item's object or, without one, the machine. */
__attribute__((format(printf, 4, 5))) void note(struct machine *m, enum machine_level level,
                                                const struct item *item, const char *format, ...);

void notes_close(struct machine *m); /* forgets all lines */

/* Why there is no answer that can be used, for a note. */
slice reason_of(struct machine *m, const struct machine_event *e);

/* Milliseconds to wait after that many failures: 1 s, doubled, at most `most`. `seed` spreads them. */
int64_t backoff(unsigned failures, int64_t most, uint64_t seed);

/* Reads JSON that the server sent, in the scratch arena; NULL when it is none. */
struct node *read_body(struct machine *m, slice body);

enum { REQUEST_MS = 15000 };

/* ---- lease.c ---- */

/* Each part returns the next request that it wants to send (false: none), takes the answer, says when it will want to send
 * one even if nothing happens (INT64_MAX: never), and can forget everything. */
bool lease_next(struct machine *m, struct machine_request *ret);
/* Sets `lease.held`. */
void lease_answer(struct machine *m, const struct machine_event *e, enum machine_verb verb);
int64_t lease_wake(const struct machine *m);
void lease_close(struct machine *m);

/* ---- informer.c ---- */

/* Begins with the lists of all kinds that are needed. */
void informers_start(struct machine *m);
/* As those of the lease. */
bool informers_next(struct machine *m, struct machine_request *ret);
int64_t informers_wake(const struct machine *m);
/* The list was answered, the watch has a line, the watch is over. */
void informer_listed(struct machine *m, enum kind_number k, const struct machine_event *e);
void informer_line(struct machine *m, enum kind_number k, slice line);
void informer_ended(struct machine *m, enum kind_number k, const struct machine_event *e);
/* Returns whether the cache is certainly not much older than a minute. When it may be, which a silent watch does not reveal,
 * the kind is listed again. */
bool informer_is_fresh(struct machine *m, enum kind_number k);
/* Notes once what the first lists have brought, and in a dry run whether there is anything to do. Call it when no object
 * waits for a turn. */
void informers_tell(struct machine *m);
/* Returns how many kinds cannot be listed, without those that are not handled and that the cluster does not have. */
uint64_t informers_unlisted(const struct machine *m);
/* Forgets what was listed; the cache is the caller's. */
void informers_close(struct machine *m);

/* Takes an object from an answer into the cache, unless the cache knows of something newer. */
void learn(struct machine *m, enum kind_number k, struct node *root);
/* The object no longer exists. */
void unlearn(struct machine *m, struct object *o);

/* Puts off everything else until the object of that name, which is related to the item, has been read. */
void item_look(struct machine *m, struct item *i, enum kind_number k, slice name);

/* ---- turn.c ---- */

/* Gives items their turns until one has a request to send. */
bool turns_next(struct machine *m, struct machine_request *ret);

/* ---- answer.c ---- */

/* Takes the answer to an item's request, or to its question, and says when the item gets its next turn. */
void turn_answer(struct machine *m, struct flight *f, const struct machine_event *e);
void turn_task(struct machine *m, struct flight *f, const struct machine_event *e);

/* ---- teller.c ---- */

/* Tells the users of the item's object, unless they have been told within the hour. */
void tell(struct machine *m, const struct item *item, bool warning, const char *reason, slice message);
/* As those of the lease. */
bool teller_next(struct machine *m, struct machine_request *ret);
int64_t teller_wake(const struct machine *m);
void teller_close(struct machine *m);

#endif
