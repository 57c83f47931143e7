/* The state machine of a log backup: what the operator does next, and which requests are allowed in which phase.
 *
 * Admission calls logbackup_judge() and logbackup_truncation() to decide whether a change makes sense; a reconciler
 * calls logbackup_effective_command() for what to do and logbackup_phase_after() for the resulting phase.
 * [tidb-operator: api/br/v1alpha1/backup.go, pkg/controllers/br/manager/backup] */
#ifndef BRGATE_LOG_BACKUP_H
#define BRGATE_LOG_BACKUP_H

#include "slice.h"

#include <stdint.h>

/* TiDB Operator v2 (br.pingcap.com) and v1 (pingcap.com) differ in what an empty request means. */
enum logbackup_operator { LOGBACKUP_OPERATOR_V2, LOGBACKUP_OPERATOR_V1 };

enum logbackup_command {
    LOGBACKUP_START,
    LOGBACKUP_RESUME,
    LOGBACKUP_PAUSE,
    LOGBACKUP_STOP,
    LOGBACKUP_TRUNCATE,
    LOGBACKUP_UNKNOWN
};

/* status.phase */
enum logbackup_phase {
    LOGBACKUP_NEW, /* no phase yet */
    LOGBACKUP_SCHEDULED,
    LOGBACKUP_PREPARE,
    LOGBACKUP_RUNNING,
    LOGBACKUP_PAUSED,
    LOGBACKUP_STOPPED,
    LOGBACKUP_FAILED,
    LOGBACKUP_RETRY_FAILED,
    LOGBACKUP_INVALID,
    LOGBACKUP_OTHER, /* a phase that log backups do not have: the state is unknown */
    LOGBACKUP_PHASE_COUNT
};

/* What the spec requests. */
enum logbackup_request {
    LOGBACKUP_ASK_NOTHING,  /* no logSubcommand, logStop not set */
    LOGBACKUP_ASK_START,    /* "log-start" */
    LOGBACKUP_ASK_PAUSE,    /* "log-pause" */
    LOGBACKUP_ASK_STOP,     /* "log-stop", or logStop without logSubcommand */
    LOGBACKUP_ASK_RESUME,   /* "log-resume": in v2's enum, but its controller has no such command */
    LOGBACKUP_ASK_TRUNCATE, /* "log-truncate": the same */
    LOGBACKUP_ASK_OTHER,
    LOGBACKUP_REQUEST_COUNT
};

struct logbackup_spec {
    slice subcommand, truncate_until; /* empty when absent */
    bool stop;
};

struct logbackup_status {
    enum logbackup_phase phase;
    bool started;                   /* commitTs is set: the cluster has had the task */
    slice truncated_until;          /* logSuccessTruncateUntil */
    bool pause_failed, stop_failed; /* logSubCommandStatuses says so of that command */
};

enum logbackup_phase logbackup_phase_of(slice text);          /* of status.phase; "" is LOGBACKUP_NEW */
const char *logbackup_phase_text(enum logbackup_phase phase); /* "" for LOGBACKUP_NEW and LOGBACKUP_OTHER */

const char *logbackup_command_text(enum logbackup_command command); /* "log-start" */

/* The request that logSubcommand and logStop make together. */
enum logbackup_request logbackup_request_of(const struct logbackup_spec *spec);

/* The command that the operator works on. */
enum logbackup_command logbackup_effective_command(enum logbackup_operator op,
                                                   const struct logbackup_spec *spec,
                                                   const struct logbackup_status *status);

/* Returns whether the command's goal is reached, so that there is nothing to do for it. */
bool logbackup_in_sync(enum logbackup_command command, const struct logbackup_status *status);

/* Returns whether the task runs or is about to: then a deletion has to stop it first. */
bool logbackup_on_track(enum logbackup_phase phase);

/* Returns the phase after a job of `command` reported `condition` ("Complete", ...), which may be the old one. */
enum logbackup_phase logbackup_phase_after(enum logbackup_command command, slice condition,
                                           enum logbackup_phase phase);

enum logbackup_verdict { LOGBACKUP_ALLOW, LOGBACKUP_WARN, LOGBACKUP_DENY };

enum logbackup_reason {
    LOGBACKUP_FINE,
    LOGBACKUP_NOT_STARTED_YET, /* deny: stop or pause before the start; the operator waits forever */
    LOGBACKUP_NO_COMMAND,      /* deny: the controller does not know the request; it loops without a status */
    LOGBACKUP_PAUSE_EXPIRES,   /* warn: after 24 hours the checkpoint is garbage collected */
    LOGBACKUP_STOP_IS_FINAL,   /* warn: the task is removed */
    LOGBACKUP_STAYS_PAUSED,    /* warn: v2 does not resume for an empty request */
    LOGBACKUP_STOPPED_FOR_GOOD,    /* deny: a stopped log backup cannot be started again */
    LOGBACKUP_NOTHING_TO_PAUSE,    /* deny: the task is gone */
    LOGBACKUP_START_FAILED,        /* warn: a failed start is never tried again */
    LOGBACKUP_PAUSE_AFTER_FAILURE, /* warn: the task may be gone */
    LOGBACKUP_INVALID_FOR_GOOD,    /* warn: the operator never looks at it again */
    LOGBACKUP_PAUSE_STUCK,         /* warn: a failed pause is not repeated before a resume */
    LOGBACKUP_STOP_STUCK,          /* warn: a failed stop is not repeated */
    LOGBACKUP_REASON_COUNT
};

/* Whether that reason allows, warns or denies. */
enum logbackup_verdict logbackup_verdict_of(enum logbackup_reason reason);

/* Judges the request in that state. On update, call it only when the request changed. */
enum logbackup_reason logbackup_judge(enum logbackup_operator op, const struct logbackup_status *status,
                                      enum logbackup_request request);

enum logbackup_truncation {
    TRUNCATION_FINE,
    TRUNCATION_WAITS,             /* warn: the log backup is not started; it runs after the start */
    TRUNCATION_BEFORE_START,      /* warn: counts as done, without any work */
    TRUNCATION_BACKWARDS,         /* warn: the logs up to there are gone already */
    TRUNCATION_BEYOND_CHECKPOINT, /* deny: would delete logs that are still to be written */
    TRUNCATION_IN_FUTURE,         /* deny: the same */
};

/* TSOs; 0 where it is not known. */
struct logbackup_bounds {
    uint64_t start, checkpoint, truncated_until, now;
};

/* Judges a request to truncate the log up to the TSO `until`. */
enum logbackup_truncation logbackup_truncation(uint64_t until, const struct logbackup_bounds *bounds);

#endif
