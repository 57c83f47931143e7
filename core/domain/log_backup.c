/* The tables of the log backup's state machine. */
#include "log_backup.h"

static const char *const phase_texts[LOG_PHASE_COUNT] = {
    [LOG_NEW] = "",
    [LOG_SCHEDULED] = "Scheduled",
    [LOG_PREPARE] = "Prepare",
    [LOG_RUNNING] = "Running",
    [LOG_PAUSED] = "Paused",
    [LOG_STOPPED] = "Stopped",
    [LOG_FAILED] = "Failed",
    [LOG_RETRY_FAILED] = "RetryFailed",
    [LOG_INVALID] = "Invalid",
    [LOG_OTHER] = "",
};

/* By phase and request, for a task that is known to the cluster. */
#define WAITING                                                                                              \
    {                                                                                                        \
        [LOG_ASK_RESUME] = LOG_NO_COMMAND, [LOG_ASK_TRUNCATE] = LOG_NO_COMMAND,                              \
        [LOG_ASK_OTHER] = LOG_NO_COMMAND                                                                     \
    }
static const enum log_reason judgements[LOG_PHASE_COUNT][LOG_REQUEST_COUNT] = {
    [LOG_NEW] = {[LOG_ASK_PAUSE] = LOG_NOT_STARTED_YET,
                 [LOG_ASK_STOP] = LOG_NOT_STARTED_YET,
                 [LOG_ASK_RESUME] = LOG_NO_COMMAND,
                 [LOG_ASK_TRUNCATE] = LOG_NO_COMMAND,
                 [LOG_ASK_OTHER] = LOG_NO_COMMAND},
    [LOG_SCHEDULED] = WAITING,
    [LOG_PREPARE] = WAITING,
    [LOG_RETRY_FAILED] = WAITING,
    [LOG_RUNNING] = {[LOG_ASK_PAUSE] = LOG_PAUSE_EXPIRES,
                     [LOG_ASK_STOP] = LOG_STOP_IS_FINAL,
                     [LOG_ASK_RESUME] = LOG_NO_COMMAND,
                     [LOG_ASK_TRUNCATE] = LOG_NO_COMMAND,
                     [LOG_ASK_OTHER] = LOG_NO_COMMAND},
    [LOG_PAUSED] = {[LOG_ASK_NOTHING] = LOG_STAYS_PAUSED,
                    [LOG_ASK_RESUME] = LOG_NO_COMMAND,
                    [LOG_ASK_TRUNCATE] = LOG_NO_COMMAND,
                    [LOG_ASK_OTHER] = LOG_NO_COMMAND},
    [LOG_STOPPED] = {[LOG_ASK_START] = LOG_STOPPED_FOR_GOOD,
                     [LOG_ASK_PAUSE] = LOG_NOTHING_TO_PAUSE,
                     [LOG_ASK_RESUME] = LOG_NO_COMMAND,
                     [LOG_ASK_TRUNCATE] = LOG_NO_COMMAND,
                     [LOG_ASK_OTHER] = LOG_NO_COMMAND},
    [LOG_FAILED] = {[LOG_ASK_START] = LOG_START_FAILED,
                    [LOG_ASK_PAUSE] = LOG_PAUSE_AFTER_FAILURE,
                    [LOG_ASK_RESUME] = LOG_NO_COMMAND,
                    [LOG_ASK_TRUNCATE] = LOG_NO_COMMAND,
                    [LOG_ASK_OTHER] = LOG_NO_COMMAND},
    [LOG_INVALID] = {[LOG_ASK_NOTHING] = LOG_INVALID_FOR_GOOD,
                     [LOG_ASK_START] = LOG_INVALID_FOR_GOOD,
                     [LOG_ASK_PAUSE] = LOG_INVALID_FOR_GOOD,
                     [LOG_ASK_STOP] = LOG_INVALID_FOR_GOOD,
                     [LOG_ASK_RESUME] = LOG_INVALID_FOR_GOOD,
                     [LOG_ASK_TRUNCATE] = LOG_INVALID_FOR_GOOD,
                     [LOG_ASK_OTHER] = LOG_INVALID_FOR_GOOD},
    [LOG_OTHER] = WAITING,
};

static const enum log_verdict verdicts[LOG_REASON_COUNT] = {
    [LOG_FINE] = LOG_ALLOW,
    [LOG_NOT_STARTED_YET] = LOG_DENY,
    [LOG_NO_COMMAND] = LOG_DENY,
    [LOG_PAUSE_EXPIRES] = LOG_WARN,
    [LOG_STOP_IS_FINAL] = LOG_WARN,
    [LOG_STAYS_PAUSED] = LOG_WARN,
    [LOG_STOPPED_FOR_GOOD] = LOG_DENY,
    [LOG_NOTHING_TO_PAUSE] = LOG_DENY,
    [LOG_START_FAILED] = LOG_WARN,
    [LOG_PAUSE_AFTER_FAILURE] = LOG_WARN,
    [LOG_INVALID_FOR_GOOD] = LOG_WARN,
    [LOG_PAUSE_STUCK] = LOG_WARN,
    [LOG_STOP_STUCK] = LOG_WARN,
};

enum log_phase log_phase_of(slice text)
{
    for (int i = 0; i < LOG_OTHER; i++)
        if (slice_eq(text, slice_of(phase_texts[i])))
            return (enum log_phase)i;
    return LOG_OTHER;
}

const char *log_phase_text(enum log_phase phase)
{
    return phase_texts[phase];
}

const char *log_command_text(enum log_command command)
{
    static const char *const texts[] = {
        [LOG_START] = "log-start", [LOG_RESUME] = "log-resume",     [LOG_PAUSE] = "log-pause",
        [LOG_STOP] = "log-stop",   [LOG_TRUNCATE] = "log-truncate", [LOG_UNKNOWN] = "log-unknown"};
    return texts[command];
}

enum log_request log_request_of(const struct log_spec *spec)
{
    static const struct {
        slice text;
        enum log_request request;
    } requests[] = {
        {SLICE("log-start"), LOG_ASK_START},       {SLICE("log-pause"), LOG_ASK_PAUSE},
        {SLICE("log-stop"), LOG_ASK_STOP},         {SLICE("log-resume"), LOG_ASK_RESUME},
        {SLICE("log-truncate"), LOG_ASK_TRUNCATE},
    };
    if (spec->subcommand.n == 0)
        return spec->stop ? LOG_ASK_STOP : LOG_ASK_NOTHING;
    for (size_t i = 0; i < COUNT(requests); i++)
        if (slice_eq(spec->subcommand, requests[i].text))
            return requests[i].request;
    return LOG_ASK_OTHER;
}

static enum log_command command_for(enum log_operator op, enum log_request request, enum log_phase phase)
{
    switch (request) {
    case LOG_ASK_NOTHING:
        if (phase == LOG_STOPPED)
            return LOG_STOP;
        return phase == LOG_PAUSED && op == LOG_OPERATOR_V1 ? LOG_RESUME : LOG_START;
    case LOG_ASK_START:
        return phase == LOG_PAUSED ? LOG_RESUME : LOG_START;
    case LOG_ASK_PAUSE:
        return LOG_PAUSE;
    case LOG_ASK_STOP:
        return LOG_STOP;
    default:
        return LOG_UNKNOWN;
    }
}

bool log_in_sync(enum log_command command, const struct log_status *status)
{
    switch (command) {
    case LOG_START:
        return status->started;
    case LOG_RESUME:
        return status->phase == LOG_RUNNING;
    case LOG_PAUSE:
        return status->phase == LOG_PAUSED;
    case LOG_STOP:
        return status->phase == LOG_STOPPED;
    default:
        return false;
    }
}

enum log_command log_effective_command(enum log_operator op, const struct log_spec *spec,
                                       const struct log_status *status)
{
    enum log_command command = command_for(op, log_request_of(spec), status->phase);
    bool truncate = spec->truncate_until.n && !slice_eq(spec->truncate_until, status->truncated_until);
    return truncate && log_in_sync(command, status) ? LOG_TRUNCATE : command;
}

bool log_on_track(enum log_phase phase)
{
    return phase == LOG_SCHEDULED || phase == LOG_PREPARE || phase == LOG_RUNNING || phase == LOG_PAUSED;
}

enum log_phase log_phase_after(enum log_command command, slice condition, enum log_phase phase)
{
    bool complete = slice_eq(condition, LIT("Complete"));
    switch (command) {
    case LOG_START: {
        enum log_phase reported = log_phase_of(condition);
        return complete || reported == LOG_NEW || reported == LOG_OTHER ? phase : reported;
    }
    case LOG_STOP:
        return complete ? LOG_STOPPED : phase;
    case LOG_PAUSE:
        return complete ? LOG_PAUSED : phase;
    case LOG_RESUME:
        return complete ? LOG_RUNNING : phase;
    default:
        return phase;
    }
}

enum log_verdict log_verdict_of(enum log_reason reason)
{
    return verdicts[reason];
}

enum log_reason log_judge(enum log_operator op, const struct log_status *status, enum log_request request)
{
    enum log_reason reason = judgements[status->phase][request];
    if (status->phase == LOG_FAILED && !status->started &&
        (request == LOG_ASK_PAUSE || request == LOG_ASK_STOP))
        return LOG_NOT_STARTED_YET;
    if (reason == LOG_STAYS_PAUSED && op == LOG_OPERATOR_V1)
        return LOG_FINE;
    if (status->phase != LOG_RUNNING)
        return reason;
    if (request == LOG_ASK_PAUSE && status->pause_failed)
        return LOG_PAUSE_STUCK;
    return request == LOG_ASK_STOP && status->stop_failed ? LOG_STOP_STUCK : reason;
}

enum log_verdict log_truncation_verdict(enum log_truncation t)
{
    if (t == TRUNCATION_FINE)
        return LOG_ALLOW;
    return t == TRUNCATION_BEYOND_CHECKPOINT || t == TRUNCATION_IN_FUTURE ? LOG_DENY : LOG_WARN;
}

enum log_truncation log_truncation(uint64_t until, const struct log_bounds *bounds)
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
