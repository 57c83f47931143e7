/* Compares a log backup's task with the expected effect of a command. */
#include "log_truth.h"

#include "timestamp.h"

enum {
    ASK_SECONDS = 60,        /* how often a running task is looked at; the operators' tracker does so too */
    GRACE_SECONDS = 60,      /* every answer must have been "not there" for this long before it is trusted */
    SETTLE_SECONDS = 60,     /* after a stop: TiKV must see it before a task of the same name starts */
    STALL_SECONDS = 1800,    /* a healthy checkpoint lags by some minutes */
    PAUSE_LASTS = 24 * 3600, /* the safepoint that BR sets for a paused task */
    PAUSE_WARNS = 6 * 3600,  /* the condition appears this long before the end */
};

static void ask(struct planning *p, slice why)
{
    struct cluster_facts c = seen_cluster(p, &p->object->backup->job.br);
    struct node *where = tree_object(p->arena);
    tree_put_text(p->arena, where, "pdAddress", c.pd_address);
    if (c.tls)
        tree_put_text(p->arena, where, "tlsSecret", c.client_secret);
    plan_act(p, PLAN_ASK, where, why);
    plan_wait(p, p->now + ASK_SECONDS, "%.*s", FMT(why));
}

/* "Not there" counts only after a while: PD may be electing, the pod's write may be on its way. */
static bool surely_missing(const struct planning *p)
{
    const struct log_task *t = &p->seen->task;
    return !t->found && t->missing_since && p->now - t->missing_since >= GRACE_SECONDS;
}

enum truth log_truth(struct planning *p, enum logbackup_command command)
{
    const struct log_task *t = &p->seen->task;
    if (command == LOGBACKUP_TRUNCATE)
        return TRUTH_NOT_DONE;
    if (!t->known) {
        if (p->object->metadata.deleting)
            ask(p, LIT("is there still a task that must be stopped?"));
        else
            ask(p, arena_fmt(p->arena, "the pod of %s ended without reporting: is the task there?",
                             logbackup_command_text(command)));
        return TRUTH_UNKNOWN;
    }
    if (!t->found && !surely_missing(p)) {
        plan_wait(p, p->now + GRACE_SECONDS,
                  "the task is not there; the cluster is asked again before that is trusted");
        return TRUTH_UNKNOWN;
    }
    switch (command) {
    case LOGBACKUP_START:
        return t->found ? TRUTH_DONE : TRUTH_NOT_DONE;
    case LOGBACKUP_STOP:
        return t->found ? TRUTH_NOT_DONE : TRUTH_DONE;
    case LOGBACKUP_PAUSE:
    case LOGBACKUP_RESUME:
        if (!t->found)
            return TRUTH_NO_TASK;
        return t->paused == (command == LOGBACKUP_PAUSE) ? TRUTH_DONE : TRUTH_NOT_DONE;
    default:
        return TRUTH_NOT_DONE;
    }
}

/* ---- watching ---- */

static int64_t seconds_of(slice text)
{
    struct timestamp t;
    return text.n && timestamp_parse(text, &t, NULL) ? t.ms / 1000 : 0;
}

/* When a requested pause was carried out, or when another pause was first seen; 0: not known. */
static int64_t paused_since(const struct status *s)
{
    const struct node *all = node_get(s->root, LIT("logSubCommandStatuses"));
    if (logbackup_phase_of(s->phase) == LOGBACKUP_PAUSED)
        return seconds_of(tree_text(node_get(all, LIT("log-pause")), "timeCompleted"));
    const struct node *conditions = node_get(s->root, LIT("conditions"));
    for (const struct node *c = node_first(conditions); c; c = node_next(c))
        if (slice_eq(tree_text(c, "type"), LIT("LogTaskPaused")) &&
            slice_eq(tree_text(c, "status"), LIT("True")))
            return seconds_of(tree_text(c, "lastTransitionTime"));
    return 0;
}

/* The moment at which BR's safepoint of the pause ends; 0: not known. */
static int64_t paused_until(const struct status *s)
{
    int64_t since = paused_since(s);
    return since ? since + PAUSE_LASTS : 0;
}

bool log_pause_expired(const struct planning *p, const struct status *s)
{
    const struct log_task *t = &p->seen->task;
    int64_t until = paused_until(s);
    return until && p->now >= until && (!t->known || (t->found && t->paused));
}

static void note_pause(struct planning *p, struct status *s, bool asked)
{
    const struct log_task *t = &p->seen->task;
    int64_t until = paused_until(s);
    if (!t->paused) {
        status_note_over(s, "LogTaskPaused", LIT("the task runs again"));
        return;
    }
    struct condition c = {"LogTaskPaused", false, LIT("PausedUnasked"),
                          LIT("the task is paused, though this object does not ask for it")};
    if (t->error.n)
        c.message = arena_fmt(p->arena, "the cluster paused the task: %.*s", FMT(t->error));
    if (until && p->now >= until) {
        c.reason = LIT("PauseExpired");
        c.message =
            arena_fmt(p->arena,
                      "the task has been paused for more than 24h: its safepoint ended at %.*s, and it "
                      "can only be stopped",
                      FMT(plan_time(p, until)));
    } else if (until && p->now >= until - PAUSE_WARNS) {
        c.reason = LIT("PauseExpires");
        c.message =
            arena_fmt(p->arena,
                      "the task must be resumed before %.*s, when its safepoint ends: after that it can "
                      "only be stopped",
                      FMT(plan_time(p, until)));
    } else if (asked) {
        return;
    }
    status_note(s, c);
}

/* Checks for progress. A task may exist and hang, as after a start that follows a stop too closely. */
static void note_progress(struct planning *p, struct status *s)
{
    const struct log_task *t = &p->seen->task;
    int64_t at = timestamp_ms(t->checkpoint) / 1000;
    if (!t->checkpoint || t->paused || p->now - at <= STALL_SECONDS) {
        status_note_over(s, "LogCheckpointStalled", LIT("the checkpoint advances"));
        return;
    }
    slice message = arena_fmt(p->arena, "the log is backed up to %.*s and no further", FMT(plan_time(p, at)));
    status_note(s, (struct condition){"LogCheckpointStalled", false, LIT("NoProgress"), message});
}

bool log_stopped_just_now(struct planning *p)
{
    const struct log_task *t = &p->seen->task;
    if (!t->known || t->found || !t->missing_since || p->now - t->missing_since >= SETTLE_SECONDS)
        return false;
    plan_wait(
        p, t->missing_since + SETTLE_SECONDS,
        "a task of this name was stopped a moment ago: the cluster must notice that before a new one starts");
    return true;
}

static void note_checkpoint(struct planning *p, struct status *s)
{
    const struct log_task *t = &p->seen->task;
    struct timestamp old;
    slice known = tree_text(s->root, "logCheckpointTs");
    bool newer = !known.n || !timestamp_parse(known, &old, NULL) || old.tso < t->checkpoint;
    if (t->checkpoint && newer)
        tree_set_text(p->arena, s->root, "logCheckpointTs",
                      arena_fmt(p->arena, "%llu", (unsigned long long)t->checkpoint));
}

static void task_is_lost(struct planning *p, struct status *s)
{
    slice message = LIT("the cluster has no log backup task of this name any more");
    status_command(s, LOGBACKUP_START,
                   (struct condition){"Failed", false, LIT("LogBackupTaskNotFound"), message});
    status_close(p, s, message);
    plan_wait(p, 0, "%.*s: create a new log Backup", FMT(message));
}

void log_watch(struct planning *p, struct status *s)
{
    enum logbackup_phase phase = logbackup_phase_of(s->phase);
    if (phase != LOGBACKUP_RUNNING && phase != LOGBACKUP_PAUSED) {
        plan_wait(p, 0, "the log backup is %.*s", FMT(s->phase));
        return;
    }
    if (!p->seen->task.known) {
        ask(p, LIT("how far is the log backup?"));
        return;
    }
    if (surely_missing(p)) {
        task_is_lost(p, s);
        return;
    }
    if (p->seen->task.found) {
        note_checkpoint(p, s);
        note_pause(p, s, phase == LOGBACKUP_PAUSED);
        note_progress(p, s);
    }
    status_close(p, s, LIT("what the task says"));
    int64_t until = phase == LOGBACKUP_PAUSED ? paused_until(s) : 0;
    if (log_pause_expired(p, s))
        plan_wait(p, p->now + ASK_SECONDS,
                  "the log backup has been paused for more than 24h: only stop is possible");
    else if (until)
        plan_wait(p, p->now + ASK_SECONDS,
                  "the log backup is paused; after %.*s it may be too late to resume it, and it can only be "
                  "stopped",
                  FMT(plan_time(p, until)));
    else
        plan_wait(p, p->now + ASK_SECONDS, "the log backup is %.*s", FMT(s->phase));
}
