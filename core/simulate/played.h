/* The record of a play, and its assessment. Times are Unix seconds. */
#ifndef BRGATE_PLAYED_H
#define BRGATE_PLAYED_H

#include "scenario.h"

enum played_kind {
    PLAYED_CREATED,         /* the schedule */
    PLAYED_SNAPSHOT,        /* complete; `from` is when its Job began */
    PLAYED_SNAPSHOT_FAILED, /* for good: it is not tried again */
    PLAYED_SNAPSHOT_RETRIED,
    PLAYED_COMPACTION,
    PLAYED_COMPACTION_FAILED,
    PLAYED_EXPIRED, /* retention has deleted a snapshot */
    PLAYED_EXPIRED_FAILED,
    PLAYED_TRUNCATED,
    PLAYED_LOG_RUNS,
    PLAYED_LOG_FAILED, /* what the log Backup says */
    PLAYED_MISSED,     /* a due time without a run; `at` is the due time */
    PLAYED_CONTROLLER_DOWN,
    PLAYED_CONTROLLER_UP,
    PLAYED_PAUSED,
    PLAYED_RESUMED,
    PLAYED_EDITED,
    PLAYED_EDIT_DENIED, /* by the gate: the schedule stays as it is */
    PLAYED_NO_EFFECT,   /* something from the scenario that changes nothing */
    PLAYED_DELETED_BY_HAND,
    PLAYED_LOG_STALLS,
    PLAYED_LOG_ADVANCES,
    PLAYED_LOG_PAUSED,
    PLAYED_LOG_RESUMED,
    PLAYED_LOG_LOST,
    PLAYED_CHANGED,       /* snapshots fail from now on, Jobs take longer, ... */
    PLAYED_WINDOW_BROKEN, /* the promised window can no longer be restored */
    PLAYED_WINDOW_WHOLE,
    PLAYED_KINDS
};

struct played_event {
    int64_t at, from; /* `from`: when it began; 0: it has no length */
    int64_t due;      /* of a run's snapshot; otherwise 0 */
    enum played_kind kind;
    slice name, detail; /* the object's name, and more for a person; may be empty */
};

enum log_state {
    LOG_UNASKED, /* there is no schedule, or it has no log backup */
    LOG_RUNNING,
    LOG_STALLED, /* the checkpoint does not move */
    LOG_PAUSED,  /* by the cluster */
    LOG_MISSING, /* no task runs */
    LOG_STATES
};

/* A stretch of time in which nothing about the kept backups changed. */
struct played_span {
    int64_t from, to;
    int64_t oldest;              /* the earliest moment of data that can be restored; 0: none */
    int64_t newest_from, newest; /* the latest one, at the stretch's beginning and end */
    int64_t promised;            /* what maxReservedTime promises as the earliest at the end; 0: nothing */
    int64_t reserved;            /* maxReservedTime in seconds, as it was then; 0: none */
    enum log_state log;
    size_t snapshots, failed; /* complete Backups, failed ones */
    double snapshot_bytes, orphaned_bytes, log_bytes, compacted_bytes;
};

/* All the time in which something was so. */
struct played_times {
    int64_t seconds;
    int64_t at, until; /* the beginning of the first stretch, and the end of the last */
    size_t count;      /* stretches */
};

enum miss {
    MISSED_PAUSED,
    MISSED_CONTROLLER_DOWN,
    MISSED_OVERLAP, /* a run was still going on */
    MISSED_OTHER,
    MISS_KINDS
};

struct played_verdict {
    size_t due, made, complete, failed, retried; /* runs */
    size_t missed[MISS_KINDS];
    size_t waiting;           /* 1: the newest run is due, but not made at the end: it is not missed yet */
    int64_t next_due;         /* after the end; 0: the schedule never fires again, or is deleted */
    int64_t first_restorable; /* from the beginning to the first restorable point, seconds; -1: never */
    int64_t blind,
        blind_at; /* the greatest age of the newest restorable point, and when it was so old; without the
                                 time before the first one */
    struct played_times lost; /* nothing could be restored, though something could before */
    bool lost_by_hand;
    size_t peak_backups;
    int64_t peak_backups_at;
    double peak_bytes;
    int64_t peak_bytes_at;
    size_t compactions, compactions_failed, expired, truncations;
    struct played_times broken; /* the promised window was not there */
    bool broken_by_hand;
    struct played_times log_down, log_stalled; /* no task ran; it ran, but the checkpoint did not move */
    const char *log_down_why;                  /* the first time */
    const char *log_ended; /* why the log backup is not running at the end; NULL: it is, or need not */
    int64_t deleted_at;    /* when somebody deleted the schedule; 0: nobody has */
    bool unsettled;        /* at some moment the core did not come to rest: a fault of the core */
};

struct played {
    slice name, namespace, cron;
    int64_t from, until;
    bool with_log, with_compaction; /* at some time */
    int64_t reserved, most; /* at the beginning: maxReservedTime in seconds, maxBackups; 0: not by that */
    const struct scenario *scenario;
    const struct played_event *events; /* by time */
    size_t event_count;
    const struct played_span *spans; /* without gaps from `from` to `until` */
    size_t span_count;
    struct played_verdict verdict;
    size_t plans; /* how often the core was asked */
};

const char *played_kind_word(enum played_kind kind); /* "snapshot-complete" */
const char *played_miss_word(enum miss miss);        /* "paused" */
const char *played_log_word(enum log_state state);   /* "running" */

#endif
