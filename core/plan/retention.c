/* Which snapshots go, and how far the log may be truncated.
 *
 * Only what can be restored counts. The newest complete snapshot never goes, nor the newest one at or before
 * the beginning of the window that maxReservedTime promises: a restore to the beginning of the window starts
 * from it. Of failed ones the newest few stay as evidence. The log Backup is no candidate. */
#include "schedule.h"

#include "duration.h"
#include "operator.h"
#include "timestamp.h"

enum { KEPT_FAILURES = 3, KEPT_COMPACTIONS = 10 };

struct keeping {
    struct planning *planning;
    const struct children *children;
    int64_t most;     /* maxBackups; 0: not by count */
    int64_t reserved; /* maxReservedTime in seconds; 0: not by time */
    int64_t horizon;  /* by time: before it nothing is promised, Unix seconds */
    bool *keep;       /* by snapshot */
};

static int64_t seconds_of(uint64_t tso)
{
    return timestamp_ms(tso) / 1000;
}

/* What a snapshot restores to. Dumpling's may not know its commitTs: it is not older than its start then. */
static int64_t moment_of(const struct child *s)
{
    return s->head->tso ? seconds_of(s->head->tso) : s->head->time;
}

static uint64_t tso_of(const struct timestamp_field *t)
{
    return t->ok ? t->value.tso : 0;
}

/* ---- the window ---- */

/* The window ends at the last time that can be restored: the checkpoint of a running log. When the log hangs, or has no
 * checkpoint, the window stays, and so do its snapshots. A stopped log moves no window. */
static int64_t window_end(const struct planning *p, const struct children *c)
{
    const struct resource *log = c->log;
    if (!log || log->metadata.deleting ||
        (log->status.phase.n && !logbackup_on_track(logbackup_phase_of(log->status.phase))))
        return p->now;
    uint64_t last = tso_of(&log->status.log_checkpoint_ts);
    int64_t end = last ? seconds_of(last) : 0;
    return end < p->now ? end : p->now;
}

static struct keeping open_keeping(struct planning *p, const struct children *c)
{
    const struct schedule_spec *s = p->object->schedule;
    struct keeping r = {
        .planning = p, .children = c, .keep = ARENA_ARRAY(p->arena, bool, c->snapshot_count + 1)};
    struct retention limits = schedule_retention(s);
    r.reserved = limits.seconds;
    r.most = limits.most;
    r.horizon = window_end(p, c) - r.reserved;
    return r;
}

/* ---- what stays ---- */

static void keep_newest(struct keeping *r, enum child_state state, int64_t most)
{
    for (size_t i = r->children->snapshot_count; i-- > 0 && most > 0;)
        if (r->children->snapshots[i].state == state) {
            r->keep[i] = true;
            most--;
        }
}

/* Time alone can make the snapshot deletable: when it is no longer young, and when it leaves the window. */
static void look_again_at_expiry(struct keeping *r, const struct child *s)
{
    struct planning *p = r->planning;
    const int64_t ends[] = {s->head->time + r->reserved, moment_of(s) + r->reserved};
    for (size_t i = 0; i < COUNT(ends); i++)
        if (ends[i] > p->now)
            plan_look_again(p, ends[i]);
}

static void keep_window(struct keeping *r)
{
    const struct child *base = NULL;
    for (size_t i = 0; i < r->children->snapshot_count; i++) {
        const struct child *s = &r->children->snapshots[i];
        bool in_window = s->state == CHILD_COMPLETE && moment_of(s) > r->horizon;
        bool young = r->planning->now - s->head->time < r->reserved;
        r->keep[i] = r->keep[i] || in_window || young;
        look_again_at_expiry(r, s);
        if (s->state == CHILD_COMPLETE && !in_window && (!base || moment_of(s) > moment_of(base)))
            base = s;
    }
    if (base)
        r->keep[base - r->children->snapshots] = true;
}

static void choose(struct keeping *r)
{
    const struct children *c = r->children;
    for (size_t i = 0; i < c->snapshot_count; i++)
        r->keep[i] = c->snapshots[i].state == CHILD_ACTIVE || c->snapshots[i].state == CHILD_STUCK ||
                     c->snapshots[i].state == CHILD_GOING;
    keep_newest(r, CHILD_FAILED, KEPT_FAILURES);
    keep_newest(r, CHILD_COMPLETE, r->most > 0 ? r->most : 1);
    if (r->reserved)
        keep_window(r);
}

static void delete_the_rest(struct keeping *r)
{
    struct planning *p = r->planning;
    for (size_t i = 0; i < r->children->snapshot_count; i++) {
        const struct child *s = &r->children->snapshots[i];
        if (r->keep[i])
            continue;
        slice why =
            s->state == CHILD_FAILED
                ? arena_fmt(p->arena, "it failed, and newer failed backups are kept for inspection")
            : r->most
                ? arena_fmt(p->arena, "%lld newer backup%s can be restored, as many as maxBackups keeps",
                            (long long)r->most, r->most == 1 ? "" : "s")
                : arena_fmt(p->arena,
                            "it is older than %.*s, the start of the maxReservedTime window, and a "
                            "newer backup covers that start",
                            FMT(plan_time(p, r->horizon)));
        plan_act(p, PLAN_DELETE, s->head->root, why);
        p->last->event = "Expired";
    }
}

static void delete_compactions(struct keeping *r)
{
    const struct children *c = r->children;
    size_t finished = 0;
    bool newest_complete = true;
    for (size_t i = c->compaction_count; i-- > 0;) {
        const struct child *x = &c->compactions[i];
        if (x->state != CHILD_COMPLETE && x->state != CHILD_FAILED)
            continue;
        bool last = x->state == CHILD_COMPLETE && newest_complete; /* it says where the next one begins */
        newest_complete = newest_complete && !last;
        if (++finished > KEPT_COMPACTIONS && !last)
            plan_act(r->planning, PLAN_DELETE, x->head->root,
                     LIT("it has finished, and newer compactions are kept as a record"));
    }
}

/* ---- the log ---- */

uint64_t compacted_until(const struct children *c)
{
    uint64_t until = 0;
    for (size_t i = 0; i < c->compaction_count; i++)
        if (c->compactions[i].state == CHILD_COMPLETE && c->compactions[i].head->tso > until)
            until = c->compactions[i].head->tso;
    return until;
}

/* The commitTs of the oldest complete snapshot that stays; 0: there is none, or one does not say. */
static uint64_t oldest_kept(const struct keeping *r)
{
    uint64_t oldest = UINT64_MAX;
    for (size_t i = 0; i < r->children->snapshot_count; i++) {
        const struct child *s = &r->children->snapshots[i];
        if (s->state == CHILD_COMPLETE && r->keep[i] && s->head->tso < oldest)
            oldest = s->head->tso;
    }
    return oldest == UINT64_MAX ? 0 : oldest;
}

/* Truncates never past the oldest kept snapshot, the compacted range or the log's checkpoint, and never backwards. */
static void truncate_log(struct keeping *r)
{
    struct planning *p = r->planning;
    const struct resource *o = r->children->log;
    uint64_t until = oldest_kept(r), compacted = compacted_until(r->children);
    if (!o || o->metadata.deleting || !until)
        return;
    if (p->object->schedule->compact_template.node) {
        if (!compacted)
            return; /* how far the compaction is, is not known */
        until = until < compacted ? until : compacted;
    }
    struct logbackup_bounds bounds = {tso_of(&o->status.commit_ts), tso_of(&o->status.log_checkpoint_ts),
                                      tso_of(&o->status.log_success_truncate_until),
                                      timestamp_tso(p->now > 0 ? p->now * 1000 : 0)};
    if (!bounds.checkpoint || logbackup_truncation(until, &bounds) != TRUNCATION_FINE ||
        until <= tso_of(&log_spec(p, r->children)->log_truncate_until))
        return;
    struct node *patch = tree_object(p->arena);
    tree_put_copy(p->arena, patch, "apiVersion", node_get(o->root, LIT("apiVersion")));
    tree_put_copy(p->arena, patch, "kind", node_get(o->root, LIT("kind")));
    struct node *metadata = tree_put_object(p->arena, patch, "metadata");
    tree_put_text(p->arena, metadata, "name", o->metadata.name.value);
    tree_put_text(p->arena, metadata, "namespace", o->metadata.namespace.value);
    tree_put_text(p->arena, metadata, "resourceVersion", tree_text(o->metadata.node, "resourceVersion"));
    tree_put_text(p->arena, tree_put_object(p->arena, patch, "spec"), "logTruncateUntil",
                  arena_fmt(p->arena, "%llu", (unsigned long long)until));
    plan_act(p, PLAN_PATCH, patch,
             arena_fmt(p->arena, "no kept snapshot needs the log before %.*s",
                       FMT(plan_time(p, seconds_of(until)))));
}

void plan_retention(struct planning *p, const struct children *c)
{
    const struct schedule_spec *s = p->object->schedule;
    if (p->seen->unknown & UNKNOWN_CHILDREN || c->untimed)
        return; /* nothing is deleted on unknown state */
    struct keeping r = open_keeping(p, c);
    if (!r.most && !r.reserved) {
        if (text_given(&s->max_reserved_time.text))
            plan_wait(p, 0, "maxReservedTime %.*s is not a usable period: nothing is deleted",
                      FMT(s->max_reserved_time.text.value));
        return;
    }
    choose(&r);
    delete_the_rest(&r);
    delete_compactions(&r);
    truncate_log(&r);
}
