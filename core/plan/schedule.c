/* Plans for a BackupSchedule: the log Backup, due runs and compactions, and deletion of expired backups. */
#include "schedule.h"

#include "backup.h"
#include "duration.h"
#include "operator.h"
#include "timestamp.h"

struct schedule {
    struct planning *planning;
    const struct schedule_spec *spec;
    struct children children;
    struct status status;
    int64_t created; /* Unix seconds; for an object that is not stored yet, now */
};

static int64_t unix_of(slice text, int64_t otherwise)
{
    struct timestamp t;
    return text.n && timestamp_parse(text, &t, NULL) ? t.ms / 1000 : otherwise;
}

static uint64_t tso_of(const struct timestamp_field *t)
{
    return t->ok ? t->value.tso : 0;
}

/* Only children that fit the schedule are created and remembered; other objects are left alone. */
static bool foreign(struct planning *p, const char *kind, slice name)
{
    const struct node *there = seen_find(p, kind, plan_namespace(p), name);
    return there && !slice_eq(plan_controller_uid(there), tree_text(p->object->metadata.node, "uid"));
}

/* ---- the log Backup ---- */

static void plan_log_child(struct schedule *s)
{
    struct planning *p = s->planning;
    const struct backup_spec *t = &s->spec->log_backup_template;
    if (!t->node || s->children.log)
        return;
    slice name = log_child_name(p);
    if (plan_refused(p, "Backup", name))
        return;
    if (!t->is_log) {
        plan_wait(p, 0, "logBackupTemplate.backupMode must be log");
        return;
    }
    if (foreign(p, "Backup", name)) {
        plan_wait(p, 0, "a Backup %.*s exists that belongs to another object", FMT(name));
        return;
    }
    plan_act(p, PLAN_CREATE, log_child(p),
             LIT("the schedule defines a log backup, which does not exist yet"));
    tree_set_text(p->arena, s->status.root, "logBackup", name);
    tree_set_text(p->arena, s->status.root, "logBackupStartTs", plan_time(p, p->now));
}

/* ---- snapshots ---- */

/* Returns the time after which due times count: that of the newest run known from children or status. */
static int64_t cursor_of(const struct schedule *s)
{
    const struct children *c = &s->children;
    int64_t cursor = s->created;
    int64_t noted = unix_of(tree_text(s->status.root, "lastBackupTime"), 0);
    int64_t named;
    if (stamp_at_end(tree_text(s->status.root, "lastBackup"), &named) && named > noted)
        noted = named;
    if (noted <= s->planning->now && noted > cursor)
        cursor = noted;
    for (size_t i = 0; i < c->snapshot_count; i++)
        if (c->snapshots[i].head->time > cursor)
            cursor = c->snapshots[i].head->time;
    return cursor;
}

static void create_run(struct schedule *s, const struct due *due, int64_t cursor)
{
    struct planning *p = s->planning;
    slice name = snapshot_child_name(p, due->at),
          why = arena_fmt(p->arena, "due at %.*s", FMT(plan_time(p, due->at)));
    if (due->missed)
        why = arena_fmt(
            p->arena, "%.*s; %s%u earlier runs since %.*s were missed, and this one replaces them", FMT(why),
            due->missed == MOST_MISSED ? "more than " : "", due->missed, FMT(plan_time(p, cursor)));
    plan_act(p, PLAN_CREATE, snapshot_child(p, due->at), why);
    if (due->missed)
        p->last->event = "MissedRuns";
    tree_set_text(p->arena, s->status.root, "lastBackup", name);
    tree_set_text(p->arena, s->status.root, "lastBackupTime", plan_time(p, due->at));
    plan_wait(p, 0, "%.*s", FMT(why));
}

/* True when no run can be made, whatever its cluster does. */
static bool run_is_left_out(struct schedule *s, const struct due *due)
{
    struct planning *p = s->planning;
    slice name = snapshot_child_name(p, due->at);
    if (s->spec->backup_template.is_log)
        plan_wait(p, 0, "backupTemplate.backupMode is log: a log Backup belongs in logBackupTemplate");
    else if (foreign(p, "Backup", name))
        plan_wait(p, 0, "a Backup %.*s exists that belongs to another object: this run is left out",
                  FMT(name));
    else
        return plan_refused(p, "Backup", name);
    return true;
}

static void plan_run(struct schedule *s)
{
    struct planning *p = s->planning;
    int64_t cursor = cursor_of(s), next, oldest;
    struct due due = due_now(p, s->created, cursor);
    bool comes = due_after(p, s->created, p->now, &next);
    if (comes)
        plan_look_again(p, next);
    if (!due.is) {
        if (comes)
            plan_wait(p, next, "the next run is due at %.*s", FMT(plan_time(p, next)));
        else
            plan_wait(p, 0, "the schedule never fires again");
        return;
    }
    if (run_is_left_out(s, &due))
        return;
    if (due_after(p, s->created, cursor, &oldest))
        p->result.due = oldest;
    const struct node *running = running_in_cluster(p);
    if (running)
        plan_wait(p, p->now + LOOK_AGAIN_SECONDS,
                  "a run is due, and waits for Backup %.*s/%.*s of the same cluster",
                  FMT(tree_text_at(running, "metadata.namespace")),
                  FMT(tree_text_at(running, "metadata.name")));
    else
        create_run(s, &due, cursor);
}

/* ---- compaction ---- */

static int64_t compaction_seconds(const struct schedule_spec *s)
{
    const struct duration_field *d = schedule_compact_interval(s);
    return d ? d->ns / DURATION_SECOND : 0;
}

/* Returns where the next compaction begins: the end of the compacted range, or the log's start. */
static uint64_t compaction_start(const struct schedule *s)
{
    uint64_t start = compacted_until(&s->children);
    uint64_t least = tso_of(&s->spec->min_compact_start_ts);
    uint64_t log = tso_of(&s->children.log->status.commit_ts);
    start = start > log ? start : log;
    return start > least ? start : least;
}

static uint64_t tso_later(uint64_t tso, int64_t seconds)
{
    return timestamp_tso(timestamp_ms(tso) + seconds * 1000);
}

/* One in each interval since the log began: its name says which, so that none is made twice. */
static bool slot_is_free(const struct schedule *s, int64_t slot)
{
    const struct children *c = &s->children;
    for (size_t i = 0; i < c->compaction_count; i++)
        if (c->compactions[i].head->time >= slot || c->compactions[i].state == CHILD_ACTIVE)
            return false;
    return true;
}

/* Notes the end of the newest compaction, or, for v1, when it was made. */
static void note_compaction_end(struct schedule *s, uint64_t until, int64_t made)
{
    struct planning *p = s->planning;
    if (!plan_v2(p))
        tree_set_text(p->arena, s->status.root, "lastCompactExecutionTs", plan_time(p, made));
    else if (until)
        tree_set_text(p->arena, s->status.root, "nextCompactEndTs", plan_time(p, timestamp_ms(until) / 1000));
}

static void plan_compaction_child(struct schedule *s)
{
    enum { MOST_INTERVALS = 3 };
    struct planning *p = s->planning;
    const struct resource *log = s->children.log;
    int64_t interval = compaction_seconds(s->spec);
    uint64_t checkpoint = log ? tso_of(&log->status.log_checkpoint_ts) : 0;
    if (!s->spec->compact_template.node || !interval || !checkpoint || !log->status.commit_ts.ok)
        return;
    int64_t began = log->status.commit_ts.value.ms / 1000;
    if (p->now < began + interval) {
        plan_look_again(p, began + interval);
        return;
    }
    int64_t slot = began + (p->now - began) / interval * interval;
    plan_look_again(p, slot + interval);
    uint64_t from = compaction_start(s), until = tso_later(from, MOST_INTERVALS * interval);
    until = until < checkpoint ? until : checkpoint;
    if (!slot_is_free(s, slot) || until <= from || timestamp_ms(until) - timestamp_ms(from) < interval * 1000)
        return;
    slice name = compaction_child_name(p, slot);
    if (foreign(p, "CompactBackup", name) || plan_refused(p, "CompactBackup", name))
        return;
    plan_act(p, PLAN_CREATE, compaction_child(p, log_spec(p, &s->children), slot, from, until),
             arena_fmt(p->arena, "the log from %.*s to %.*s is not compacted yet",
                       FMT(plan_time(p, timestamp_ms(from) / 1000)),
                       FMT(plan_time(p, timestamp_ms(until) / 1000))));
    tree_set_text(p->arena, s->status.root, "lastCompact", name);
    note_compaction_end(s, until, p->now);
}

/* ---- the status ---- */

/* Writes what the children say, so that the next plan repairs a crash between a creation and the status. What this plan
 * makes replaces it. */
static void note_children(struct schedule *s)
{
    const struct children *c = &s->children;
    struct arena *a = s->planning->arena;
    struct node *root = s->status.root;
    int64_t noted = unix_of(tree_text(root, "lastBackupTime"), 0);
    const struct child *last = c->snapshot_count ? &c->snapshots[c->snapshot_count - 1] : NULL;
    if (last && last->head->time > noted) {
        tree_set_text(a, root, "lastBackup", last->head->name);
        tree_set_text(a, root, "lastBackupTime", plan_time(s->planning, last->head->time));
    }
    const struct resource *log = c->log;
    if (log && !slice_eq(tree_text(root, "logBackup"), log->metadata.name.value)) {
        tree_set_text(a, root, "logBackup", log->metadata.name.value);
        tree_set_text(a, root, "logBackupStartTs", tree_text(log->metadata.node, "creationTimestamp"));
    }
    last = c->compaction_count ? &c->compactions[c->compaction_count - 1] : NULL;
    if (last && slice_cmp(tree_text(root, "lastCompact"), last->head->name) < 0) {
        tree_set_text(a, root, "lastCompact", last->head->name);
        note_compaction_end(s, last->head->until, last->head->time);
    }
}

/* ---- the decision ---- */

void plan_schedule(struct planning *p)
{
    struct schedule s = {.planning = p,
                         .spec = p->object->schedule,
                         .status = status_open(p),
                         .created =
                             unix_of(tree_text(p->object->metadata.node, "creationTimestamp"), p->now)};
    if (p->object->metadata.deleting) {
        plan_wait(p, 0, "it is being deleted; its children go with it");
        return;
    }
    if (!s.spec->cron_ok) {
        plan_wait(p, 0, "the schedule %.*s cannot be read", FMT(s.spec->schedule.value));
        return;
    }
    if (s.spec->pause.value) {
        plan_wait(p, 0, "it is paused: nothing is made and nothing is deleted");
        return;
    }
    if (p->seen->unknown & UNKNOWN_CHILDREN) {
        plan_wait(p, p->now + LOOK_AGAIN_SECONDS, "its children could not be listed");
        return;
    }
    s.children = children_of(p);
    note_children(&s);
    plan_log_child(&s);
    plan_compaction_child(&s);
    plan_run(&s);
    plan_retention(p, &s.children);
    status_close(p, &s.status, LIT("records what was created last"));
}
