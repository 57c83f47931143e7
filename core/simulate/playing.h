/* Shared by the files of this layer: the state of a play in progress. */
#ifndef BRGATE_PLAYING_H
#define BRGATE_PLAYING_H

#include "play.h"
#include "pods.h"

#define LOG_PAUSED_WHY "the cluster paused it" /* why no task runs */

/* An object that the reconciler looks after. */
struct tracked {
    slice name;
    enum resource_kind kind;
    int64_t again; /* when the core wants to look again; 0: on a change only */
    bool dirty;    /* it has changed since the last look */
};

struct running_job {
    slice name;
    enum job_work work;
    int64_t ends;
};

/* A snapshot whose data is in the storage. */
struct kept {
    slice name;
    int64_t commit; /* Unix seconds; 0: it is not complete */
    double bytes;
    bool cleans;  /* its cleanPolicy deletes the data with the object */
    bool deleted; /* its object is deleted, or being deleted */
};

struct due_run {
    int64_t at;
    bool made;
    enum miss why; /* what kept it from being made at its time */
};

struct playing {
    const struct play_request *request;
    struct scenario scenario; /* as it is by now */
    struct arena *out;        /* of the result */
    struct arena *arenas[2];  /* the world moves from one to the other, so that nothing piles up */
    unsigned arena_used;
    struct arena *scratch; /* of one look */
    struct world world;
    struct cluster_log log;
    const struct resource *schedule; /* as it is by now; NULL: deleted */
    int64_t reserved;                /* its maxReservedTime in seconds; 0: none */
    bool with_log;                   /* it has a log backup */
    size_t next_event;
    bool controller_down, snapshots_fail, pods_die, compactions_fail, log_stalls;
    size_t snapshot_jobs, compaction_jobs; /* that have ended */

    struct tracked *tracked; /* the schedule is the first */
    size_t tracked_count, tracked_capacity;
    struct running_job *jobs;
    size_t job_count, job_capacity;

    struct played_event *events;
    size_t event_count, event_capacity;
    struct played_span *spans;
    size_t span_count, span_capacity;
    struct kept *kept; /* by commit */
    size_t kept_count, kept_capacity;
    double orphaned_bytes; /* of deleted snapshots, whose data stays */
    size_t failed_kept;    /* failed Backups that are still there */
    struct due_run *dues;
    size_t due_count, due_capacity;
    int64_t log_began;       /* the running log, or the last one; 0: there was none */
    int64_t truncated;       /* the log before this moment is deleted; 0: none is */
    int64_t first_base;      /* of the running log: the first snapshot from which it can be replayed */
    int64_t promised;        /* the latest promise: nothing older is promised any more */
    double compacted_bytes;  /* what compactions have written */
    bool broken, by_hand;    /* the promised window is; somebody has deleted something */
    const char *log_stopped; /* why the task is gone; NULL: it is not */
    bool log_failed;         /* the log Backup has failed */
    int64_t log_paused_at, log_read_at;
    int64_t checkpoint; /* up to which the log is in the storage; stays when the task stops; 0: nothing is */
    struct played *played;
};

/* ---- tracked.c ---- */

/* The object has changed, or all have: the controller looks at it. */
void play_mark(struct playing *p, enum resource_kind kind, slice name);
void play_mark_all(struct playing *p);

/* ---- looks.c ---- */

/* Lets the controller look at everything that has changed or is due, until nothing is left to do at this moment. */
void play_settle(struct playing *p);
/* Returns the moment of the next look without a change; 0: there is none. */
int64_t play_next_look(const struct playing *p);

/* ---- edits.c ---- */

/* Reads the schedule as it is in the world. */
void play_read_schedule(struct playing *p);
/* Somebody changes the schedule, if the gate lets them; `what` they do, for a change without effect, and `kind`, for one that
 * has one. */
void play_edit(struct playing *p, const char *what, const struct node *patch, enum played_kind kind);
/* Something from the scenario changes nothing. */
void play_no_effect(struct playing *p, const char *what, slice why);

/* ---- happenings.c ---- */

/* Jobs end, and the scenario's events take place, as far as they are due. */
void play_happen(struct playing *p);
int64_t play_next_happening(const struct playing *p); /* INT64_MAX: there is none */
/* A Job has just been created: its pod starts at once. */
void play_job_begins(struct playing *p, struct node *job);

/* ---- ledger.c: what can be restored, apart from what the core believes ---- */

/* Records an event at this moment; `from`: when it began, or 0. */
void play_record(struct playing *p, enum played_kind kind, int64_t from, slice name, slice detail);
/* A snapshot is complete, and restores to that moment; `cleans`: its data is deleted with its object. */
void ledger_add(struct playing *p, slice name, int64_t commit, bool cleans);
void ledger_delete(struct playing *p, slice name); /* the object is deleted */
void ledger_delete_all(struct playing *p);
void ledger_clean(struct playing *p, slice name); /* its data is deleted */
/* The moment up to which the log can be restored; 0: not at all. */
int64_t ledger_checkpoint(const struct playing *p);
/* Time passes up to `to` without a change: records the due times and the state. */
void ledger_pass(struct playing *p, int64_t to);
/* A run may be due at this very moment: the events of the moment come first. */
void ledger_due_now(struct playing *p);
void ledger_due_made(struct playing *p, slice run);

/* ---- assess.c ---- */

/* Writes the result. */
void play_assess(struct playing *p);

#endif
