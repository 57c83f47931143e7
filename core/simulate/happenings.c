/* The world's side of a play: pods end, and the scenario's events take place. */
#include "playing.h"

#include "duration.h"
#include "operator.h"
#include "schedule.h"
#include "tree.h"

static slice own_namespace(const struct playing *p)
{
    return p->request->schedule->metadata.namespace.value;
}

/* ---- Jobs ---- */

static int64_t takes(const struct playing *p, enum job_work work)
{
    switch (work) {
    case WORK_SNAPSHOT:
        return p->scenario.snapshot_takes;
    case WORK_COMPACT:
        return p->scenario.compaction_takes;
    case WORK_CLEAN:
        return p->scenario.clean_takes;
    case WORK_LOG:
        break;
    }
    return p->scenario.log_command_takes;
}

void play_job_begins(struct playing *p, struct node *job)
{
    pod_begins(&p->world, job);
    if (p->job_count == p->job_capacity)
        p->jobs = arena_grow(p->out, p->jobs, p->job_count, &p->job_capacity, sizeof *p->jobs);
    enum job_work work = job_work(job);
    p->jobs[p->job_count++] = (struct running_job){arena_copy(p->out, tree_text_at(job, "metadata.name")),
                                                   work, p->world.now + takes(p, work)};
}

static bool nth(size_t number, int64_t every)
{
    return every && number % (size_t)every == 0;
}

static struct pod_end fate(struct playing *p, enum job_work work)
{
    bool works = true, reports = true;
    if (work == WORK_SNAPSHOT) {
        p->snapshot_jobs++;
        reports = !p->pods_die;
        works = !p->snapshots_fail && reports && !nth(p->snapshot_jobs, p->scenario.snapshot_fails_every);
    } else if (work == WORK_COMPACT) {
        p->compaction_jobs++;
        works = !p->compactions_fail && !nth(p->compaction_jobs, p->scenario.compaction_fails_every);
    }
    return (struct pod_end){works, reports};
}

static int64_t seconds_at(const struct node *n, const char *path)
{
    struct timestamp t;
    slice text = tree_text_at(n, path);
    return text.n && timestamp_parse(text, &t, NULL) ? t.ms / 1000 : 0;
}

static void snapshot_ended(struct playing *p, slice name, const struct node *job, const struct node *backup,
                           struct pod_end end)
{
    if (end.works) {
        play_record(p, PLAYED_SNAPSHOT, seconds_at(job, "status.startTime"), name, (slice){0});
        stamp_at_end(name, &p->events[p->event_count - 1].due);
        ledger_add(p, name, seconds_at(backup, "status.commitTs"),
                   slice_eq(tree_text_at(backup, "spec.cleanPolicy"), LIT("Delete")));
    } else if (end.reports) {
        play_record(p, PLAYED_SNAPSHOT_FAILED, 0, name, LIT("its pod reports a failure"));
        p->failed_kept++;
    } else {
        play_record(p, PLAYED_SNAPSHOT_RETRIED, 0, name, LIT("its pod died without a report"));
    }
    p->tracked[0].dirty = true;
}

static void log_ended(struct playing *p, const struct node *job, struct pod_end end)
{
    slice command = job_log_command(job);
    if (!end.works)
        return;
    p->tracked[0].dirty = p->tracked[0].dirty || !slice_eq(command, LIT("log-truncate"));
    if (slice_eq(command, LIT("log-start"))) {
        p->truncated = p->first_base = p->promised = 0;
        p->log_stopped = NULL;
        p->log_began = timestamp_ms(p->log.start) / 1000;
        play_record(p, PLAYED_LOG_RUNS, 0, LIT("log"), (slice){0});
    }
    const struct node *owner = node_first(node_at(job, "metadata.ownerReferences"));
    const struct node *backup = world_find(&p->world, "Backup", own_namespace(p), tree_text(owner, "name"));
    int64_t until = seconds_at(backup, "status.logSuccessTruncateUntil");
    if (slice_eq(command, LIT("log-truncate")) && until > p->truncated) {
        p->truncated = until;
        play_record(p, PLAYED_TRUNCATED, until, tree_text(owner, "name"), (slice){0});
    }
}

static void compaction_ended(struct playing *p, const struct node *object, slice name, struct pod_end end)
{
    int64_t from = seconds_at(object, "spec.startTs"), until = seconds_at(object, "spec.endTs");
    if (!end.works)
        return;
    p->compacted_bytes +=
        (double)(until - from) / 3600 * p->scenario.log_per_hour * p->scenario.compacted_share;
    play_record(p, PLAYED_COMPACTION, seconds_at(object, "metadata.creationTimestamp"), name, (slice){0});
    p->tracked[0].dirty = true;
}

static void job_ends(struct playing *p, slice name)
{
    struct node *job = world_find(&p->world, "Job", own_namespace(p), name);
    if (!job)
        return; /* it was deleted */
    const struct node *owner = node_first(node_at(job, "metadata.ownerReferences"));
    enum job_work work = job_work(job);
    bool compacts = work == WORK_COMPACT;
    struct pod_end end = fate(p, work);
    p->checkpoint = ledger_checkpoint(p);
    pod_ends(&p->world, &p->log, job, end);
    slice of = tree_text(owner, "name");
    const struct node *object =
        world_find(&p->world, compacts ? "CompactBackup" : "Backup", own_namespace(p), of);
    if (work == WORK_SNAPSHOT)
        snapshot_ended(p, arena_copy(p->out, of), job, object, end);
    else if (work == WORK_LOG)
        log_ended(p, job, end);
    else if (work == WORK_CLEAN)
        ledger_clean(p, of);
    else
        compaction_ended(p, object, arena_copy(p->out, of), end);
    play_mark(p, compacts ? KIND_COMPACT_BACKUP : KIND_BACKUP, of);
}

/* ---- events ---- */

/* The end of a pause that is over already does nothing. */
static void set_pause(struct playing *p, bool pause)
{
    struct node *patch = tree_object(p->out);
    tree_put_bool(p->out, tree_put_object(p->out, patch, "spec"), "pause", pause);
    if (pause || (p->schedule && p->schedule->schedule->pause.value))
        play_edit(p, "pause", patch, pause ? PLAYED_PAUSED : PLAYED_RESUMED);
}

static slice newest_snapshot(const struct playing *p)
{
    for (size_t i = p->kept_count; i-- > 0;)
        if (p->kept[i].commit && !p->kept[i].deleted)
            return p->kept[i].name;
    return (slice){0};
}

static slice log_name(const struct playing *p)
{
    for (size_t i = 0; i < p->world.count; i++) {
        const struct node *n = p->world.items[i];
        if (slice_eq(tree_text(n, "kind"), LIT("Backup")) &&
            slice_eq(tree_text_at(n, "spec.backupMode"), LIT("log")))
            return tree_text_at(n, "metadata.name");
    }
    return (slice){0};
}

static void delete_by_hand(struct playing *p, slice what)
{
    bool all = slice_eq(what, LIT("schedule"));
    slice name = all                               ? p->tracked[0].name
                 : slice_eq(what, LIT("snapshot")) ? newest_snapshot(p)
                 : slice_eq(what, LIT("log"))      ? log_name(p)
                                                   : what;
    struct node *o = world_find(&p->world, all ? "BackupSchedule" : "Backup", own_namespace(p), name);
    if (!o) {
        play_no_effect(p, arena_cstr(p->out, arena_fmt(p->out, "delete of \"%.*s\"", FMT(what))),
                       LIT("there is no such object"));
        return;
    }
    name = arena_copy(p->out, name);
    play_record(p, PLAYED_DELETED_BY_HAND, 0, name,
                all ? LIT("the schedule, and its Backups with it") : (slice){0});
    ledger_delete(p, name);
    p->by_hand = true;
    if (all || slice_eq(name, log_name(p)))
        p->log_stopped = "somebody deleted its Backup";
    world_delete(&p->world, o);
    if (all) {
        p->schedule = NULL;
        p->played->verdict.deleted_at = p->world.now;
        ledger_delete_all(p);
        play_mark_all(p);
    }
    play_mark(p, all ? KIND_BACKUP_SCHEDULE : KIND_BACKUP, name);
    p->tracked[0].dirty = true;
}

/* Freezes the checkpoint, or lets it advance again. */
static void change_log(struct playing *p, enum played_kind record, bool *state, bool value)
{
    p->checkpoint = ledger_checkpoint(p);
    *state = value;
    play_record(p, record, 0, LIT("log"), (slice){0});
    play_mark_all(p);
}

/* After that time BR's safepoint has ended: the task cannot be resumed. */
static void resume_log(struct playing *p)
{
    enum { GC_TTL = 24 * 3600 };
    if (p->world.now - p->log_paused_at > GC_TTL)
        play_record(p, PLAYED_CHANGED, 0, LIT("the log backup"),
                    LIT("has been paused for more than 24h: its safepoint has ended, and it can "
                        "no longer be resumed"));
    else
        change_log(p, PLAYED_LOG_RESUMED, &p->log.paused, false);
}

static void takes_now(struct playing *p, int64_t *takes, int64_t seconds, const char *what)
{
    struct buf b = buf_new(p->out, 64);
    *takes = seconds;
    duration_put_short(&b, seconds * DURATION_SECOND);
    play_record(p, PLAYED_CHANGED, 0, slice_of(what),
                arena_fmt(p->out, "take %.*s from now on", FMT(buf_slice(&b))));
}

/* Sets what fails from now on, or works again. */
static void change_fate(struct playing *p, enum happening kind)
{
    static const struct {
        const char *what, *how;
    } words[] = {
        [HAPPENS_SNAPSHOTS_FAIL] = {"snapshots", "fail from now on"},
        [HAPPENS_SNAPSHOTS_WORK] = {"snapshots", "work again"},
        [HAPPENS_SNAPSHOTS_DIE] = {"the pods of snapshots", "die without a report from now on"},
        [HAPPENS_SNAPSHOTS_LIVE] = {"the pods of snapshots", "live again"},
        [HAPPENS_COMPACTIONS_FAIL] = {"compactions", "fail from now on"},
        [HAPPENS_COMPACTIONS_WORK] = {"compactions", "work again"},
    };
    if (kind == HAPPENS_SNAPSHOTS_FAIL || kind == HAPPENS_SNAPSHOTS_WORK)
        p->snapshots_fail = kind == HAPPENS_SNAPSHOTS_FAIL;
    else if (kind == HAPPENS_SNAPSHOTS_DIE || kind == HAPPENS_SNAPSHOTS_LIVE)
        p->pods_die = kind == HAPPENS_SNAPSHOTS_DIE;
    else
        p->compactions_fail = kind == HAPPENS_COMPACTIONS_FAIL;
    play_record(p, PLAYED_CHANGED, 0, slice_of(words[kind].what), slice_of(words[kind].how));
}

static void controller(struct playing *p, bool down)
{
    p->controller_down = down;
    play_record(p, down ? PLAYED_CONTROLLER_DOWN : PLAYED_CONTROLLER_UP, 0, (slice){0}, (slice){0});
    if (!down)
        play_mark_all(p);
}

/* Something begins to happen to the log backup's task. */
static void disturb_task(struct playing *p, enum happening kind)
{
    static const char *const what[] = {[HAPPENS_LOG_STALLS] = "logStalls",
                                       [HAPPENS_LOG_PAUSES] = "logPaused",
                                       [HAPPENS_LOG_LOST] = "logLost"};
    if (!p->log.found) {
        play_no_effect(p, what[kind], LIT("no log backup runs at that time"));
    } else if (kind == HAPPENS_LOG_STALLS) {
        change_log(p, PLAYED_LOG_STALLS, &p->log_stalls, true);
    } else if (kind == HAPPENS_LOG_PAUSES) {
        p->log_paused_at = p->world.now;
        change_log(p, PLAYED_LOG_PAUSED, &p->log.paused, true);
    } else {
        change_log(p, PLAYED_LOG_LOST, &p->log_stalls, false);
        p->log = (struct cluster_log){.missing_since = p->world.now};
        p->log_stopped = "somebody stopped it with br";
    }
}

/* That is over; the task it happened to may be gone. */
static void restore_task(struct playing *p, enum happening kind)
{
    if (kind == HAPPENS_LOG_RESUMES && p->log.found && p->log.paused)
        resume_log(p);
    else if (kind == HAPPENS_LOG_ADVANCES && p->log.found && p->log_stalls)
        change_log(p, PLAYED_LOG_ADVANCES, &p->log_stalls, false);
    else if (kind == HAPPENS_LOG_ADVANCES)
        p->log_stalls = false;
}

static void happen(struct playing *p, const struct scenario_event *x)
{
    switch (x->kind) {
    case HAPPENS_CONTROLLER_DOWN:
    case HAPPENS_CONTROLLER_UP:
        controller(p, x->kind == HAPPENS_CONTROLLER_DOWN);
        break;
    case HAPPENS_PAUSE:
    case HAPPENS_RESUME:
        set_pause(p, x->kind == HAPPENS_PAUSE);
        break;
    case HAPPENS_EDIT:
        play_edit(p, "edit", x->patch, PLAYED_EDITED);
        break;
    case HAPPENS_DELETE:
        delete_by_hand(p, x->name);
        break;
    case HAPPENS_SNAPSHOTS_TAKE:
        takes_now(p, &p->scenario.snapshot_takes, x->seconds, "snapshots");
        break;
    case HAPPENS_COMPACTIONS_TAKE:
        takes_now(p, &p->scenario.compaction_takes, x->seconds, "compactions");
        break;
    case HAPPENS_SNAPSHOTS_FAIL:
    case HAPPENS_SNAPSHOTS_WORK:
    case HAPPENS_SNAPSHOTS_DIE:
    case HAPPENS_SNAPSHOTS_LIVE:
    case HAPPENS_COMPACTIONS_FAIL:
    case HAPPENS_COMPACTIONS_WORK:
        change_fate(p, x->kind);
        break;
    case HAPPENS_LOG_STALLS:
    case HAPPENS_LOG_PAUSES:
    case HAPPENS_LOG_LOST:
        disturb_task(p, x->kind);
        break;
    case HAPPENS_LOG_ADVANCES:
    case HAPPENS_LOG_RESUMES:
        restore_task(p, x->kind);
        break;
    }
}

void play_happen(struct playing *p)
{
    for (size_t i = 0; i < p->job_count;) {
        if (p->jobs[i].ends > p->world.now) {
            i++;
            continue;
        }
        slice name = p->jobs[i].name;
        p->jobs[i] = p->jobs[--p->job_count];
        job_ends(p, name);
    }
    for (; p->next_event < p->scenario.event_count && p->scenario.events[p->next_event].at <= p->world.now;
         p->next_event++)
        happen(p, &p->scenario.events[p->next_event]);
}

int64_t play_next_happening(const struct playing *p)
{
    int64_t next = p->next_event < p->scenario.event_count ? p->scenario.events[p->next_event].at : INT64_MAX;
    for (size_t i = 0; i < p->job_count; i++)
        next = p->jobs[i].ends < next ? p->jobs[i].ends : next;
    return next;
}
