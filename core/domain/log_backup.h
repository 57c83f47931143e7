/* The state machine of a log backup, once: what the operator does next, and what may be asked of it when.
 *
 * Admission asks log_judge() and log_truncation() whether a change makes sense; a reconciler asks
 * log_effective_command() what to do and log_phase_after() what came of it.
 * [tidb-operator: api/br/v1alpha1/backup.go, pkg/controllers/br/manager/backup] */
#ifndef BRGATE_LOG_BACKUP_H
#define BRGATE_LOG_BACKUP_H

#include "slice.h"

#include <stdint.h>

/* TiDB Operator v2 (br.pingcap.com) and v1 (pingcap.com) differ in what an empty request means. */
enum log_operator { LOG_OPERATOR_V2, LOG_OPERATOR_V1 };

enum log_command { LOG_START, LOG_RESUME, LOG_PAUSE, LOG_STOP, LOG_TRUNCATE, LOG_UNKNOWN };

/* status.phase */
enum log_phase {
    LOG_NEW, /* no phase yet */
    LOG_SCHEDULED,
    LOG_PREPARE,
    LOG_RUNNING,
    LOG_PAUSED,
    LOG_STOPPED,
    LOG_FAILED,
    LOG_RETRY_FAILED,
    LOG_INVALID,
    LOG_OTHER, /* a phase that log backups do not have: nothing is known */
    LOG_PHASE_COUNT
};

/* What the spec asks for. */
enum log_request {
    LOG_ASK_NOTHING,  /* no logSubcommand, logStop not set */
    LOG_ASK_START,    /* "log-start" */
    LOG_ASK_PAUSE,    /* "log-pause" */
    LOG_ASK_STOP,     /* "log-stop", or logStop without logSubcommand */
    LOG_ASK_RESUME,   /* "log-resume": in v2's enum, and no command of its controller */
    LOG_ASK_TRUNCATE, /* "log-truncate": the same */
    LOG_ASK_OTHER,
    LOG_REQUEST_COUNT
};

struct log_spec {
    slice subcommand, truncate_until; /* empty when absent */
    bool stop;
};

struct log_status {
    enum log_phase phase;
    bool started;                   /* commitTs is set: the task has been known to the cluster */
    slice truncated_until;          /* logSuccessTruncateUntil */
    bool pause_failed, stop_failed; /* logSubCommandStatuses says so of that command */
};

enum log_phase log_phase_of(slice text);
const char *log_phase_text(enum log_phase phase); /* "" for LOG_NEW and LOG_OTHER */

const char *log_command_text(enum log_command command); /* "log-start" */

enum log_request log_request_of(const struct log_spec *spec);

/* The command that the operator works on. */
enum log_command log_effective_command(enum log_operator op, const struct log_spec *spec,
                                       const struct log_status *status);

/* The command's goal is reached: there is nothing to do for it. */
bool log_in_sync(enum log_command command, const struct log_status *status);

/* The task runs or is about to: a deletion has to stop it first. */
bool log_on_track(enum log_phase phase);

/* The phase after a job of `command` reported `condition` ("Complete", ...); the old one when it stays. */
enum log_phase log_phase_after(enum log_command command, slice condition, enum log_phase phase);

enum log_verdict { LOG_ALLOW, LOG_WARN, LOG_DENY };

enum log_reason {
    LOG_FINE,
    LOG_NOT_STARTED_YET,     /* deny: stop or pause of what never began; the operator waits for ever */
    LOG_NO_COMMAND,          /* deny: the controller does not know the request; it loops without a status */
    LOG_PAUSE_EXPIRES,       /* warn: after 24 hours the checkpoint is garbage collected */
    LOG_STOP_IS_FINAL,       /* warn: the task is removed */
    LOG_STAYS_PAUSED,        /* warn: v2 does not resume for an empty request */
    LOG_STOPPED_FOR_GOOD,    /* deny: a stopped log backup cannot be started again */
    LOG_NOTHING_TO_PAUSE,    /* deny: the task is gone */
    LOG_START_FAILED,        /* warn: a failed start is never tried again */
    LOG_PAUSE_AFTER_FAILURE, /* warn: the task may be gone */
    LOG_INVALID_FOR_GOOD,    /* warn: the operator never looks at it again */
    LOG_PAUSE_STUCK,         /* warn: a failed pause is not repeated before a resume */
    LOG_STOP_STUCK,          /* warn: a failed stop is not repeated */
    LOG_REASON_COUNT
};

enum log_verdict log_verdict_of(enum log_reason reason);

/* What to think of the request in that state. On update it is worth asking only when the request changed. */
enum log_reason log_judge(enum log_operator op, const struct log_status *status, enum log_request request);

enum log_truncation {
    TRUNCATION_FINE,
    TRUNCATION_WAITS,             /* warn: nothing has been started; it runs after the start */
    TRUNCATION_BEFORE_START,      /* warn: counts as done, without any work */
    TRUNCATION_BACKWARDS,         /* warn: the logs up to there are gone already */
    TRUNCATION_BEYOND_CHECKPOINT, /* deny: would delete logs that are still to be written */
    TRUNCATION_IN_FUTURE,         /* deny: the same */
};

enum log_verdict log_truncation_verdict(enum log_truncation t);

/* TSOs; 0 where it is not known. */
struct log_bounds {
    uint64_t start, checkpoint, truncated_until, now;
};

enum log_truncation log_truncation(uint64_t until, const struct log_bounds *bounds);

#endif
