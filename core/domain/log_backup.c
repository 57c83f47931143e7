/* The tables of the log backup's state machine. */
#include "log_backup.h"

static const char *const phase_texts[LOGBACKUP_PHASE_COUNT] = {
    [LOGBACKUP_NEW] = "",
    [LOGBACKUP_SCHEDULED] = "Scheduled",
    [LOGBACKUP_PREPARE] = "Prepare",
    [LOGBACKUP_RUNNING] = "Running",
    [LOGBACKUP_PAUSED] = "Paused",
    [LOGBACKUP_STOPPED] = "Stopped",
    [LOGBACKUP_FAILED] = "Failed",
    [LOGBACKUP_RETRY_FAILED] = "RetryFailed",
    [LOGBACKUP_INVALID] = "Invalid",
    [LOGBACKUP_OTHER] = "",
};

/* By phase and request, for a task that is known to the cluster. */
#define WAITING                                                                                              \
    {                                                                                                        \
        [LOGBACKUP_ASK_PAUSE] = LOGBACKUP_PAUSE_EXPIRES, [LOGBACKUP_ASK_STOP] = LOGBACKUP_STOP_IS_FINAL,     \
        [LOGBACKUP_ASK_RESUME] = LOGBACKUP_NO_COMMAND, [LOGBACKUP_ASK_TRUNCATE] = LOGBACKUP_NO_COMMAND,      \
        [LOGBACKUP_ASK_OTHER] = LOGBACKUP_NO_COMMAND                                                         \
    }
static const enum logbackup_reason judgements[LOGBACKUP_PHASE_COUNT][LOGBACKUP_REQUEST_COUNT] = {
    [LOGBACKUP_NEW] = {[LOGBACKUP_ASK_PAUSE] = LOGBACKUP_NOT_STARTED_YET,
                       [LOGBACKUP_ASK_STOP] = LOGBACKUP_NOT_STARTED_YET,
                       [LOGBACKUP_ASK_RESUME] = LOGBACKUP_NO_COMMAND,
                       [LOGBACKUP_ASK_TRUNCATE] = LOGBACKUP_NO_COMMAND,
                       [LOGBACKUP_ASK_OTHER] = LOGBACKUP_NO_COMMAND},
    [LOGBACKUP_SCHEDULED] = WAITING,
    [LOGBACKUP_PREPARE] = WAITING,
    [LOGBACKUP_RETRY_FAILED] = WAITING,
    [LOGBACKUP_RUNNING] = {[LOGBACKUP_ASK_PAUSE] = LOGBACKUP_PAUSE_EXPIRES,
                           [LOGBACKUP_ASK_STOP] = LOGBACKUP_STOP_IS_FINAL,
                           [LOGBACKUP_ASK_RESUME] = LOGBACKUP_NO_COMMAND,
                           [LOGBACKUP_ASK_TRUNCATE] = LOGBACKUP_NO_COMMAND,
                           [LOGBACKUP_ASK_OTHER] = LOGBACKUP_NO_COMMAND},
    [LOGBACKUP_PAUSED] = {[LOGBACKUP_ASK_NOTHING] = LOGBACKUP_STAYS_PAUSED,
                          [LOGBACKUP_ASK_STOP] = LOGBACKUP_STOP_IS_FINAL,
                          [LOGBACKUP_ASK_RESUME] = LOGBACKUP_NO_COMMAND,
                          [LOGBACKUP_ASK_TRUNCATE] = LOGBACKUP_NO_COMMAND,
                          [LOGBACKUP_ASK_OTHER] = LOGBACKUP_NO_COMMAND},
    [LOGBACKUP_STOPPED] = {[LOGBACKUP_ASK_START] = LOGBACKUP_STOPPED_FOR_GOOD,
                           [LOGBACKUP_ASK_PAUSE] = LOGBACKUP_NOTHING_TO_PAUSE,
                           [LOGBACKUP_ASK_RESUME] = LOGBACKUP_NO_COMMAND,
                           [LOGBACKUP_ASK_TRUNCATE] = LOGBACKUP_NO_COMMAND,
                           [LOGBACKUP_ASK_OTHER] = LOGBACKUP_NO_COMMAND},
    [LOGBACKUP_FAILED] = {[LOGBACKUP_ASK_NOTHING] = LOGBACKUP_START_FAILED, /* which is a start, too */
                          [LOGBACKUP_ASK_START] = LOGBACKUP_START_FAILED,
                          [LOGBACKUP_ASK_PAUSE] = LOGBACKUP_PAUSE_AFTER_FAILURE,
                          [LOGBACKUP_ASK_STOP] = LOGBACKUP_STOP_IS_FINAL,
                          [LOGBACKUP_ASK_RESUME] = LOGBACKUP_NO_COMMAND,
                          [LOGBACKUP_ASK_TRUNCATE] = LOGBACKUP_NO_COMMAND,
                          [LOGBACKUP_ASK_OTHER] = LOGBACKUP_NO_COMMAND},
    [LOGBACKUP_INVALID] = {[LOGBACKUP_ASK_NOTHING] = LOGBACKUP_INVALID_FOR_GOOD,
                           [LOGBACKUP_ASK_START] = LOGBACKUP_INVALID_FOR_GOOD,
                           [LOGBACKUP_ASK_PAUSE] = LOGBACKUP_INVALID_FOR_GOOD,
                           [LOGBACKUP_ASK_STOP] = LOGBACKUP_INVALID_FOR_GOOD,
                           [LOGBACKUP_ASK_RESUME] = LOGBACKUP_INVALID_FOR_GOOD,
                           [LOGBACKUP_ASK_TRUNCATE] = LOGBACKUP_INVALID_FOR_GOOD,
                           [LOGBACKUP_ASK_OTHER] = LOGBACKUP_INVALID_FOR_GOOD},
    [LOGBACKUP_OTHER] = WAITING,
};

static const enum logbackup_verdict verdicts[LOGBACKUP_REASON_COUNT] = {
    [LOGBACKUP_FINE] = LOGBACKUP_ALLOW,
    [LOGBACKUP_NOT_STARTED_YET] = LOGBACKUP_DENY,
    [LOGBACKUP_NO_COMMAND] = LOGBACKUP_DENY,
    [LOGBACKUP_PAUSE_EXPIRES] = LOGBACKUP_WARN,
    [LOGBACKUP_STOP_IS_FINAL] = LOGBACKUP_WARN,
    [LOGBACKUP_STAYS_PAUSED] = LOGBACKUP_WARN,
    [LOGBACKUP_STOPPED_FOR_GOOD] = LOGBACKUP_DENY,
    [LOGBACKUP_NOTHING_TO_PAUSE] = LOGBACKUP_DENY,
    [LOGBACKUP_START_FAILED] = LOGBACKUP_WARN,
    [LOGBACKUP_PAUSE_AFTER_FAILURE] = LOGBACKUP_WARN,
    [LOGBACKUP_INVALID_FOR_GOOD] = LOGBACKUP_WARN,
    [LOGBACKUP_PAUSE_STUCK] = LOGBACKUP_WARN,
    [LOGBACKUP_STOP_STUCK] = LOGBACKUP_WARN,
};

enum logbackup_phase logbackup_phase_of(slice text)
{
    for (int i = 0; i < LOGBACKUP_OTHER; i++)
        if (slice_eq(text, slice_of(phase_texts[i])))
            return (enum logbackup_phase)i;
    return LOGBACKUP_OTHER;
}

const char *logbackup_phase_text(enum logbackup_phase phase)
{
    return phase_texts[phase];
}

const char *logbackup_command_text(enum logbackup_command command)
{
    static const char *const texts[] = {
        [LOGBACKUP_START] = "log-start",       [LOGBACKUP_RESUME] = "log-resume",
        [LOGBACKUP_PAUSE] = "log-pause",       [LOGBACKUP_STOP] = "log-stop",
        [LOGBACKUP_TRUNCATE] = "log-truncate", [LOGBACKUP_UNKNOWN] = "log-unknown"};
    return texts[command];
}

enum logbackup_request logbackup_request_of(const struct logbackup_spec *spec)
{
    static const struct {
        slice text;
        enum logbackup_request request;
    } requests[] = {
        {SLICE("log-start"), LOGBACKUP_ASK_START},       {SLICE("log-pause"), LOGBACKUP_ASK_PAUSE},
        {SLICE("log-stop"), LOGBACKUP_ASK_STOP},         {SLICE("log-resume"), LOGBACKUP_ASK_RESUME},
        {SLICE("log-truncate"), LOGBACKUP_ASK_TRUNCATE},
    };
    if (spec->subcommand.n == 0)
        return spec->stop ? LOGBACKUP_ASK_STOP : LOGBACKUP_ASK_NOTHING;
    for (size_t i = 0; i < COUNT(requests); i++)
        if (slice_eq(spec->subcommand, requests[i].text))
            return requests[i].request;
    return LOGBACKUP_ASK_OTHER;
}

static enum logbackup_command command_for(enum logbackup_operator op, enum logbackup_request request,
                                          enum logbackup_phase phase)
{
    switch (request) {
    case LOGBACKUP_ASK_NOTHING:
        if (phase == LOGBACKUP_STOPPED)
            return LOGBACKUP_STOP;
        return phase == LOGBACKUP_PAUSED && op == LOGBACKUP_OPERATOR_V1 ? LOGBACKUP_RESUME : LOGBACKUP_START;
    case LOGBACKUP_ASK_START:
        return phase == LOGBACKUP_PAUSED ? LOGBACKUP_RESUME : LOGBACKUP_START;
    case LOGBACKUP_ASK_PAUSE:
        return LOGBACKUP_PAUSE;
    case LOGBACKUP_ASK_STOP:
        return LOGBACKUP_STOP;
    default:
        return LOGBACKUP_UNKNOWN;
    }
}

bool logbackup_in_sync(enum logbackup_command command, const struct logbackup_status *status)
{
    switch (command) {
    case LOGBACKUP_START:
        return status->started;
    case LOGBACKUP_RESUME:
        return status->phase == LOGBACKUP_RUNNING;
    case LOGBACKUP_PAUSE:
        return status->phase == LOGBACKUP_PAUSED;
    case LOGBACKUP_STOP:
        return status->phase == LOGBACKUP_STOPPED;
    default:
        return false;
    }
}

enum logbackup_command logbackup_effective_command(enum logbackup_operator op,
                                                   const struct logbackup_spec *spec,
                                                   const struct logbackup_status *status)
{
    enum logbackup_command command = command_for(op, logbackup_request_of(spec), status->phase);
    bool truncate = spec->truncate_until.n && !slice_eq(spec->truncate_until, status->truncated_until);
    return truncate && logbackup_in_sync(command, status) ? LOGBACKUP_TRUNCATE : command;
}

bool logbackup_on_track(enum logbackup_phase phase)
{
    return phase == LOGBACKUP_SCHEDULED || phase == LOGBACKUP_PREPARE || phase == LOGBACKUP_RUNNING ||
           phase == LOGBACKUP_PAUSED;
}

enum logbackup_phase logbackup_phase_after(enum logbackup_command command, slice condition,
                                           enum logbackup_phase phase)
{
    bool complete = slice_eq(condition, LIT("Complete"));
    switch (command) {
    case LOGBACKUP_START: {
        enum logbackup_phase reported = logbackup_phase_of(condition);
        return complete || reported == LOGBACKUP_NEW || reported == LOGBACKUP_OTHER ? phase : reported;
    }
    case LOGBACKUP_STOP:
        return complete ? LOGBACKUP_STOPPED : phase;
    case LOGBACKUP_PAUSE:
        return complete ? LOGBACKUP_PAUSED : phase;
    case LOGBACKUP_RESUME:
        return complete ? LOGBACKUP_RUNNING : phase;
    default:
        return phase;
    }
}

enum logbackup_verdict logbackup_verdict_of(enum logbackup_reason reason)
{
    return verdicts[reason];
}

enum logbackup_reason logbackup_judge(enum logbackup_operator op, const struct logbackup_status *status,
                                      enum logbackup_request request)
{
    enum logbackup_reason reason = judgements[status->phase][request];
    if (status->phase == LOGBACKUP_FAILED && !status->started &&
        (request == LOGBACKUP_ASK_PAUSE || request == LOGBACKUP_ASK_STOP))
        return LOGBACKUP_NOT_STARTED_YET;
    if (reason == LOGBACKUP_STAYS_PAUSED && op == LOGBACKUP_OPERATOR_V1)
        return LOGBACKUP_FINE;
    if (status->phase != LOGBACKUP_RUNNING)
        return reason;
    if (request == LOGBACKUP_ASK_PAUSE && status->pause_failed)
        return LOGBACKUP_PAUSE_STUCK;
    return request == LOGBACKUP_ASK_STOP && status->stop_failed ? LOGBACKUP_STOP_STUCK : reason;
}

enum logbackup_truncation logbackup_truncation(uint64_t until, const struct logbackup_bounds *bounds)
{
    if (bounds->now && until > bounds->now)
        return TRUNCATION_IN_FUTURE;
    if (bounds->checkpoint && until > bounds->checkpoint)
        return TRUNCATION_BEYOND_CHECKPOINT;
    if (!bounds->start)
        return TRUNCATION_WAITS;
    if (until <= bounds->start)
        return TRUNCATION_BEFORE_START;
    return until <= bounds->truncated_until ? TRUNCATION_BACKWARDS : TRUNCATION_FINE;
}
