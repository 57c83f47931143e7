/* Histories of schedules: each recorded child is planned anew at the moment of its creation. */
#include "replay.h"

#include "facts.h"
#include "schedule.h"
#include "timestamp.h"
#include "tree.h"

/* ---- children ---- */

/* Writes `to` in place of `from` in every text. */
static void rewrite(struct arena *a, struct node *n, slice from, slice to)
{
    if (n->kind == NODE_STRING) {
        size_t at = slice_find(n->text, from);
        if (at != SLICE_NONE)
            n->text = arena_fmt(a, "%.*s%.*s%.*s", FMT(slice_cut(n->text, 0, at)), FMT(to),
                                FMT(slice_from(n->text, at + from.n)));
        return;
    }
    for (struct node *m = node_first(n); m; m = node_next(m))
        rewrite(a, m, from, to);
}

/* The stamp in the child's name, else in its folder's. */
static bool stamp_of_child(struct arena *a, const struct node *child, slice *ret, int64_t *ret_time)
{
    static const char *const paths[] = {"metadata.name", "spec.s3.prefix", "spec.local.prefix",
                                        "spec.gcs.prefix", "spec.azblob.prefix"};
    enum { STAMP = sizeof "2006-01-02t15-04-05" - 1 };
    (void)a;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        slice text = tree_text_at(child, paths[i]);
        if (stamp_at_end(text, ret_time)) {
            *ret = slice_from(text, text.n - STAMP);
            return true;
        }
    }
    return false;
}

static struct world world_at(struct replay *r, int64_t now)
{
    struct world w = world_new(r->world.arena, r->world.schemas, now);
    facts_load(&w, r->facts);
    return w;
}

/* The child of that kind and mode that the schedule plans at that moment, with the API server's defaults. */
static const struct node *planned_child(struct replay *r, const struct node *recorded, int64_t now)
{
    struct arena *a = r->world.arena;
    struct world w = world_at(r, now);
    struct node *schedule = node_copy(a, r->input, 0);
    struct buf made = buf_new(a, 64);
    timestamp_put(&made, (now - 90) * 1000);
    tree_set_text(a, node_get(schedule, LIT("metadata")), "creationTimestamp", buf_slice(&made));
    schedule = world_create(&w, schedule);
    const struct resource *o = resource_decode(a, GROUP_PINGCAP, KIND_BACKUP_SCHEDULE, schedule);
    struct observed seen = {.items = w.items, .count = w.count};
    r->last = plan(a, o, &seen, now, &r->settings);
    bool log = slice_eq(tree_text_at(recorded, "spec.backupMode"), LIT("log"));
    for (const struct plan_action *x = r->last.first; x; x = x->next)
        if (x->verb == PLAN_CREATE && slice_eq(tree_text(x->object, "kind"), tree_text(recorded, "kind")) &&
            slice_eq(tree_text_at(x->object, "spec.backupMode"), LIT("log")) == log)
            return world_create(&w, x->object);
    return NULL;
}

/* The operator's typed client writes empty and default values; the finalizer comes from another controller. */
static struct node *comparable(struct arena *a, const struct node *child)
{
    struct node *copy = node_copy(a, child, 0), *metadata = node_get(copy, LIT("metadata"));
    struct node *spec = node_get(copy, LIT("spec")), *resources = node_get(spec, LIT("resources"));
    static const char *const gone[] = {"uid", "creationTimestamp", "finalizers"};
    for (size_t i = 0; i < 3; i++)
        tree_unset(metadata, gone[i]);
    tree_unset(copy, "status");
    tree_unset(spec, "backoffRetryPolicy");
    if (tree_empty(resources))
        tree_unset(spec, "resources");
    return copy;
}

static void compare_child(struct replay *r, const struct node *recorded)
{
    struct arena *a = r->world.arena;
    slice stamp = {0}, name = tree_text_at(recorded, "metadata.name");
    int64_t now = 0, ours_at = 0;
    const struct node *ours =
        stamp_of_child(a, recorded, &stamp, &now) ? planned_child(r, recorded, now) : NULL;
    if (!ours) {
        replay_count(r, SUBJECT_V1_CHILD, NULL,
                     arena_fmt(a, "%.*s is not planned: %.*s", FMT(name), FMT(r->last.why)));
        return;
    }
    struct node *theirs = comparable(a, recorded), *mine = comparable(a, ours);
    slice what = first_difference(a, mine, theirs), own_stamp;
    const char *meant = NULL;
    if (what.n && stamp_of_child(a, ours, &own_stamp, &ours_at)) {
        rewrite(a, theirs, stamp, own_stamp);
        meant = first_difference(a, mine, theirs).n ? NULL : "due-time-name";
    }
    if (what.n && !meant && name.n > sizeof "-2006-01-02t15-04-05" - 1 + 35) {
        tree_set_text(a, node_get(theirs, LIT("metadata")), "name", tree_text_at(mine, "metadata.name"));
        meant = first_difference(a, mine, theirs).n ? NULL : "long-name";
    }
    replay_count(r, SUBJECT_V1_CHILD, meant, what);
}

/* ---- the children's Jobs ---- */

/* A Backup whose run is over, as a retention finds it. */
static void complete(struct arena *a, struct node *backup)
{
    struct node *status = tree_object(a);
    struct node *c = tree_put_object(a, tree_put_array(a, status, "conditions"), NULL);
    tree_put_text(a, c, "type", LIT("Complete"));
    tree_put_text(a, c, "status", LIT("True"));
    tree_put_text(a, status, "phase", LIT("Complete"));
    tree_put_text(a, status, "backupPath", LIT("s3://my-bucket/x"));
    tree_set(backup, "status", status);
}

static void compare_child_job(struct replay *r, const struct document *rest, const struct node *job)
{
    struct arena *a = r->world.arena;
    const struct node *owner = node_first(node_at(job, "metadata.ownerReferences"));
    bool cleans = slice_starts(tree_text_at(job, "metadata.name"), LIT("clean-"));
    for (const struct document *d = rest; d; d = d->next) {
        if (!slice_eq(tree_text(d->root, "kind"), tree_text(owner, "kind")) ||
            !slice_eq(tree_text_at(d->root, "metadata.name"), tree_text(owner, "name")))
            continue;
        struct replay child = *r;
        child.world = world_at(r, r->world.now);
        struct node *input = node_copy(a, d->root, 0);
        tree_unset(input, "status");
        child.input = input;
        struct node *stored = world_create(&child.world, input);
        replay_settle(&child);
        if (cleans) {
            complete(a, stored);
            world_delete(&child.world, stored);
            replay_settle(&child);
        }
        replay_compare_job(&child, job);
        return;
    }
}

void replay_schedule(struct replay *r, const struct document *rest)
{
    for (const struct document *d = rest; d; d = d->next) {
        slice kind = tree_text(d->root, "kind");
        if (slice_eq(kind, LIT("Backup")) || slice_eq(kind, LIT("CompactBackup")))
            compare_child(r, d->root);
        else if (slice_eq(kind, LIT("Job")))
            compare_child_job(r, rest, d->root);
    }
}
