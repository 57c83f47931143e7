/* Assesses a play. */
#include "playing.h"

#include "schedule.h"

#include <stdlib.h>

const char *played_kind_word(enum played_kind kind)
{
    static const char *const words[PLAYED_KINDS] = {
        [PLAYED_CREATED] = "created",
        [PLAYED_SNAPSHOT] = "snapshot-complete",
        [PLAYED_SNAPSHOT_FAILED] = "snapshot-failed",
        [PLAYED_SNAPSHOT_RETRIED] = "snapshot-retried",
        [PLAYED_COMPACTION] = "compaction-complete",
        [PLAYED_COMPACTION_FAILED] = "compaction-failed",
        [PLAYED_EXPIRED] = "snapshot-expired",
        [PLAYED_EXPIRED_FAILED] = "failed-snapshot-expired",
        [PLAYED_TRUNCATED] = "log-truncated",
        [PLAYED_LOG_RUNS] = "log-runs",
        [PLAYED_LOG_FAILED] = "log-failed",
        [PLAYED_MISSED] = "run-missed",
        [PLAYED_CONTROLLER_DOWN] = "controller-down",
        [PLAYED_CONTROLLER_UP] = "controller-up",
        [PLAYED_PAUSED] = "paused",
        [PLAYED_RESUMED] = "resumed",
        [PLAYED_EDITED] = "edited",
        [PLAYED_EDIT_DENIED] = "edit-denied",
        [PLAYED_NO_EFFECT] = "no-effect",
        [PLAYED_DELETED_BY_HAND] = "deleted-by-hand",
        [PLAYED_LOG_STALLS] = "log-stalls",
        [PLAYED_LOG_ADVANCES] = "log-advances",
        [PLAYED_LOG_PAUSED] = "log-paused",
        [PLAYED_LOG_RESUMED] = "log-resumed",
        [PLAYED_LOG_LOST] = "log-lost",
        [PLAYED_CHANGED] = "changed",
        [PLAYED_WINDOW_BROKEN] = "window-broken",
        [PLAYED_WINDOW_WHOLE] = "window-whole",
    };
    return words[kind];
}

const char *played_miss_word(enum miss miss)
{
    static const char *const words[MISS_KINDS] = {
        [MISSED_PAUSED] = "paused",
        [MISSED_CONTROLLER_DOWN] = "controllerDown",
        [MISSED_OVERLAP] = "overlap",
        [MISSED_OTHER] = "other",
    };
    return words[miss];
}

const char *played_log_word(enum log_state state)
{
    static const char *const words[LOG_STATES] = {[LOG_UNASKED] = "none",
                                                  [LOG_RUNNING] = "running",
                                                  [LOG_STALLED] = "stalled",
                                                  [LOG_PAUSED] = "paused",
                                                  [LOG_MISSING] = "missing"};
    return words[state];
}

/* The newest due time is not missed yet: its run waits. */
static void assess_dues(struct playing *p)
{
    struct played_verdict *v = &p->played->verdict;
    for (size_t i = 0; i < p->due_count; i++) {
        const struct due_run *d = &p->dues[i];
        bool waits = !d->made && p->schedule && i + 1 == p->due_count;
        v->due++;
        v->waiting += waits;
        v->made += d->made;
        if (d->made || waits)
            continue;
        v->missed[d->why]++;
        play_record(p, PLAYED_MISSED, 0, (slice){0}, slice_of(played_miss_word(d->why)));
        p->events[p->event_count - 1].at = d->at;
    }
}

static void count_events(struct playing *p)
{
    size_t counts[PLAYED_KINDS] = {0};
    struct played_verdict *v = &p->played->verdict;
    for (size_t i = 0; i < p->event_count; i++)
        counts[p->events[i].kind]++;
    v->complete = counts[PLAYED_SNAPSHOT];
    v->failed = counts[PLAYED_SNAPSHOT_FAILED];
    v->retried = counts[PLAYED_SNAPSHOT_RETRIED];
    v->compactions = counts[PLAYED_COMPACTION];
    v->compactions_failed = counts[PLAYED_COMPACTION_FAILED];
    v->expired = counts[PLAYED_EXPIRED];
    v->truncations = counts[PLAYED_TRUNCATED];
}

static int by_time(const void *x, const void *y)
{
    const struct played_event *a = x, *b = y;
    return a->at < b->at ? -1 : a->at > b->at;
}

/* Returns why the log backup does not run at the end; NULL: it runs, or need not. */
static const char *log_ended(const struct playing *p)
{
    if (!p->schedule || !p->with_log || (p->log.found && !p->log.paused))
        return NULL;
    if (p->log.found)
        return LOG_PAUSED_WHY;
    if (p->log_stopped)
        return p->log_stopped;
    return p->schedule->schedule->pause.value ? "the schedule is paused"
           : p->controller_down               ? "the controller is down"
           : p->log_failed                    ? "its Backup has failed"
                                              : "it has not been started yet";
}

static int64_t next_due(const struct playing *p)
{
    struct planning look = {.object = p->schedule, .settings = &p->request->settings};
    int64_t at;
    return p->schedule && due_after(&look, p->request->from, p->request->until, &at) ? at : 0;
}

void play_assess(struct playing *p)
{
    struct played *r = p->played;
    struct played_verdict *v = &r->verdict;
    assess_dues(p);
    count_events(p);
    if (p->event_count)
        qsort(p->events, p->event_count, sizeof *p->events, by_time);
    r->events = p->events;
    r->event_count = p->event_count;
    r->spans = p->spans;
    r->span_count = p->span_count;
    v->next_due = next_due(p);
    v->log_ended = log_ended(p);
}
