/* What happens around a schedule while it is played: how long Jobs take and how much they write, what fails, and what
 * people and the controller do. */
#ifndef BRGATE_SCENARIO_H
#define BRGATE_SCENARIO_H

#include "document.h"
#include "error.h"

enum { SPAN_DAY = 86400, SPAN_YEAR = 365 * SPAN_DAY };

/* Parses a span of time such as "1y", "2w3d", "36h" or "1h30m" into seconds. A year has 365 days. False when it is
 * something else, zero, or longer than 100 years. */
bool span_parse(slice s, int64_t *ret);

enum happening {
    HAPPENS_CONTROLLER_DOWN,
    HAPPENS_CONTROLLER_UP,
    HAPPENS_PAUSE, /* spec.pause */
    HAPPENS_RESUME,
    HAPPENS_EDIT,   /* `patch` is merged into the schedule */
    HAPPENS_DELETE, /* of `name`: "schedule", "log", "snapshot" (the newest complete one), or a Backup */
    HAPPENS_SNAPSHOTS_FAIL,
    HAPPENS_SNAPSHOTS_WORK,
    HAPPENS_SNAPSHOTS_DIE, /* their pods, without a report: they are tried again */
    HAPPENS_SNAPSHOTS_LIVE,
    HAPPENS_COMPACTIONS_FAIL,
    HAPPENS_COMPACTIONS_WORK,
    HAPPENS_LOG_STALLS, /* the checkpoint does not advance */
    HAPPENS_LOG_ADVANCES,
    HAPPENS_LOG_PAUSES, /* the cluster pauses the task unasked, as TiKV does when it lags too far */
    HAPPENS_LOG_RESUMES,
    HAPPENS_LOG_LOST, /* somebody stops the task with br */
    HAPPENS_SNAPSHOTS_TAKE,
    HAPPENS_COMPACTIONS_TAKE, /* `seconds`, from now on */
};

struct scenario_event {
    int64_t at; /* Unix seconds */
    enum happening kind;
    const struct node *patch;
    slice name;
    int64_t seconds;
};

struct scenario {
    int64_t snapshot_takes, compaction_takes, clean_takes, log_command_takes; /* seconds */
    int64_t log_lag;                                                          /* of the checkpoint, seconds */
    double snapshot_bytes, growth_per_day, log_per_hour;  /* of a snapshot now, and each day more */
    double compacted_share;                               /* of the log's bytes that a compaction writes */
    int64_t snapshot_fails_every, compaction_fails_every; /* each nth fails; 0: none */
    struct scenario_event *events; /* by time; of one kind, spans that overlap are one */
    size_t event_count;
};

/* What is assumed when a scenario does not say otherwise. */
struct scenario scenario_default(void);

/* Reads a scenario file for a play from `from` to `until`. What would have no effect is a fault, too: an empty mapping, an
 * event without an action or after the end. False when there is a fault: "LINE:COLUMN: ...". */
bool scenario_read(struct arena *a, slice bytes, int64_t from, int64_t until, struct scenario *ret,
                   struct error *reterr);

/* The keys of a scenario, from 0: {"durations", "snapshot"}, ..., {"events", "pause"}. Both are empty after the last. */
struct scenario_key {
    slice in, key;
};
struct scenario_key scenario_key(size_t number);

#endif
