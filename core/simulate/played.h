/* The record of a play, and its assessment. Times are Unix seconds. */
#ifndef BRGATE_PLAYED_H
#define BRGATE_PLAYED_H

#include "scenario.h"

enum played_kind {
    PLAYED_CREATED,         /* the schedule */
    PLAYED_SNAPSHOT,        /* complete; `from` is its due time */
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
    enum played_kind kind;
    slice name, detail; /* the object's name, and more for a person; may be empty */
};

/* A stretch of time in which nothing about the kept backups changed. */
struct played_span {
    int64_t from, to;
    int64_t oldest;              /* the earliest moment of data that can be restored; 0: none */
    int64_t newest_from, newest; /* the latest one, at the stretch's beginning and end */
    int64_t promised;            /* what maxReservedTime promises as the earliest at the end; 0: nothing */
    int64_t reserved;            /* maxReservedTime in seconds, as it was then; 0: none */
    size_t snapshots, failed;    /* complete Backups, failed ones */
    double snapshot_bytes, orphaned_bytes, log_bytes, compacted_bytes;
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
    int64_t first_restorable; /* from the beginning to the first restorable point, seconds; -1: never */
    int64_t blind,
        blind_at; /* the greatest age of the newest restorable point, and when it was so old; without the
                                 time before the first one */
    int64_t lost; /* seconds in which nothing could be restored, though something could before */
    size_t peak_backups;
    int64_t peak_backups_at;
    double peak_bytes;
    int64_t peak_bytes_at;
    size_t compactions, compactions_failed, expired, truncations;
    int64_t broken, broken_at; /* seconds in which the promised window was not there; since when first */
    bool broken_by_hand;
    int64_t log_down,
        log_down_at; /* seconds in which the log backup had no running task, and since when first */
    bool log_ended;  /* the log backup is not running at the end, though the schedule asks for one */
    bool wrong;      /* one of the above is a fault */
};

struct played {
    slice name, namespace, cron;
    int64_t from, until;
    bool with_log, with_compaction, cleans; /* cleanPolicy deletes the data of what is deleted */
    int64_t reserved, most;                 /* maxReservedTime in seconds, maxBackups; 0: not by that */
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

#endif
