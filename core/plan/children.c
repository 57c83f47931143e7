/* Classifies the children of a schedule by kind and state. */
#include "schedule.h"

#include "compact.h"
#include "num.h"
#include "operator.h"
#include "timestamp.h"

#include <stdlib.h>

enum { STUCK_SECONDS = 3600 };

static int64_t created_at(const struct node *root)
{
    struct timestamp t;
    slice at = tree_text_at(root, "metadata.creationTimestamp");
    return at.n && timestamp_parse(at, &t, NULL) ? t.ms / 1000 : 0;
}

static int64_t time_of(const struct resource *o)
{
    int64_t at;
    return stamp_at_end(o->metadata.name.value, &at) ? at : created_at(o->root);
}

static bool one_of(slice text, const char *a, const char *b, const char *c)
{
    return slice_eq(text, slice_of(a)) || slice_eq(text, slice_of(b)) || slice_eq(text, slice_of(c));
}

/* A child that has not begun within an hour no longer holds back further backups. */
static enum child_state unfinished(const struct planning *p, const struct resource *o, slice phase)
{
    bool begun = one_of(phase, "Running", "Prepare", "Restart");
    int64_t since = created_at(o->root);
    return !begun && since && p->now - since > STUCK_SECONDS ? CHILD_STUCK : CHILD_ACTIVE;
}

static enum child_state snapshot_state(const struct planning *p, const struct resource *o)
{
    const struct node *status = node_get(o->root, LIT("status"));
    slice phase = o->status.phase;
    if (plan_is_open(o->root))
        return unfinished(p, o, phase);
    if (o->metadata.deleting)
        return CHILD_GOING;
    if (slice_eq(phase, LIT("Failed")) || slice_eq(phase, LIT("Invalid")) || status_has(status, "Failed"))
        return CHILD_FAILED;
    return CHILD_COMPLETE;
}

bool plan_is_open(const struct node *backup)
{
    const struct node *status = node_get(backup, LIT("status"));
    slice phase = tree_text(status, "phase");
    return !node_get(node_get(backup, LIT("metadata")), LIT("deletionTimestamp")) &&
           !slice_eq(phase, LIT("Failed")) && !slice_eq(phase, LIT("Invalid")) &&
           !status_has(status, "Complete") && !status_has(status, "Failed");
}

static enum child_state compaction_state(const struct planning *p, const struct resource *o)
{
    if (o->metadata.deleting)
        return CHILD_GOING;
    if (slice_eq(o->compact_state, LIT("Complete")))
        return CHILD_COMPLETE;
    return slice_eq(o->compact_state, LIT("Failed")) ? CHILD_FAILED : unfinished(p, o, o->compact_state);
}

/* Returns how far a compaction came: to its reported end or, without a report or beyond its range, to the end of its range. */
static uint64_t reached(const struct resource *o)
{
    uint64_t tso;
    slice noted = tree_text(o->metadata.annotations.node, COMPACTED_UNTIL);
    slice v1 = tree_text(node_get(o->root, LIT("status")), "endTs");
    slice asked = tree_text_at(o->root, "spec.endTs");
    struct timestamp t;
    uint64_t until = asked.n && timestamp_parse(asked, &t, NULL) ? t.tso : 0;
    if (!num_u64(noted, &tso) || !tso)
        tso = v1.n && timestamp_parse(v1, &t, NULL) ? t.tso : until;
    return tso && (!until || tso < until) ? tso : until;
}

/* Decodes the spec only where it matters: a schedule is planned often, and has many children. */
static const struct resource *decode_child(const struct planning *p, struct node *root)
{
    slice kind = tree_text(root, "kind");
    bool backup = slice_eq(kind, LIT("Backup"));
    if (!backup && !slice_eq(kind, LIT("CompactBackup")))
        return NULL;
    return resource_decode_head(p->arena, p->object->group, backup ? KIND_BACKUP : KIND_COMPACT_BACKUP, root);
}

static bool is_own(const struct planning *p, const struct node *root)
{
    slice uid = tree_text(p->object->metadata.node, "uid");
    return slice_eq(plan_controller_uid(root), uid) &&
           slice_eq(tree_text(root, "apiVersion"), tree_text(p->object->root, "apiVersion")) &&
           slice_eq(tree_text(node_get(root, LIT("metadata")), "namespace"), plan_namespace(p));
}

static int by_time(const void *x, const void *y)
{
    const struct child *a = x, *b = y;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return slice_cmp(a->object->metadata.name.value, b->object->metadata.name.value);
}

static void add_child(const struct planning *p, struct children *c, const struct resource *o)
{
    struct child child = {.object = o, .time = time_of(o)};
    c->untimed = c->untimed || !child.time;
    if (o->kind == KIND_COMPACT_BACKUP) {
        child.state = compaction_state(p, o);
        child.tso = child.state == CHILD_COMPLETE ? reached(o) : 0;
        c->compactions[c->compaction_count++] = child;
        return;
    }
    child.tso = o->status.commit_ts.ok ? o->status.commit_ts.value.tso : 0;
    child.state = snapshot_state(p, o);
    if (slice_eq(tree_text(node_get(o->root, LIT("spec")), "backupMode"), LIT("log"))) {
        child.object = resource_decode(p->arena, o->group, o->kind, o->root);
        c->log = child;
        return;
    }
    c->snapshots[c->snapshot_count++] = child;
}

struct children children_of(const struct planning *p)
{
    struct children c = {.snapshots = ARENA_ARRAY(p->arena, struct child, p->seen->count + 1),
                         .compactions = ARENA_ARRAY(p->arena, struct child, p->seen->count + 1)};
    for (size_t i = 0; i < p->seen->count; i++) {
        const struct resource *o = is_own(p, p->seen->items[i]) ? decode_child(p, p->seen->items[i]) : NULL;
        if (o)
            add_child(p, &c, o);
    }
    qsort(c.snapshots, c.snapshot_count, sizeof *c.snapshots, by_time);
    qsort(c.compactions, c.compaction_count, sizeof *c.compactions, by_time);
    return c;
}

static slice cluster_key(const struct planning *p, const struct br *br, slice namespace)
{
    return arena_fmt(p->arena, "%.*s/%.*s", FMT(br_cluster_namespace(br, namespace)), FMT(br->cluster.value));
}

const struct node *running_in_cluster(const struct planning *p)
{
    slice own = cluster_key(p, &p->object->schedule->backup_template.job.br, plan_namespace(p));
    for (size_t i = 0; i < p->seen->count; i++) {
        struct node *root = p->seen->items[i];
        const struct resource *o =
            slice_eq(tree_text(root, "kind"), LIT("Backup")) ? decode_child(p, root) : NULL;
        if (!o || snapshot_state(p, o) != CHILD_ACTIVE)
            continue;
        o = resource_decode(p->arena, o->group, o->kind, root);
        if (!o->backup->is_snapshot)
            continue;
        bool ours = is_own(p, root);
        if (ours || (o->backup->job.br.node &&
                     slice_eq(own, cluster_key(p, &o->backup->job.br, o->metadata.namespace.value))))
            return root;
    }
    return NULL;
}
