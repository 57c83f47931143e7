/* Reads of an observed object what plans compare again and again. */
#include "schedule.h"

#include "compact.h"
#include "num.h"
#include "timestamp.h"

static bool one_of(slice text, const char *a, const char *b, const char *c)
{
    return slice_eq(text, slice_of(a)) || slice_eq(text, slice_of(b)) || slice_eq(text, slice_of(c));
}

static int64_t created_at(const struct node *root)
{
    struct timestamp t;
    slice at = tree_text_at(root, "metadata.creationTimestamp");
    return at.n && timestamp_parse(at, &t, NULL) ? t.ms / 1000 : 0;
}

/* Without regard to the time: a child that waits may be stuck by now. */
static enum child_state unfinished(slice phase)
{
    return one_of(phase, "Running", "Prepare", "Restart") ? CHILD_ACTIVE : CHILD_WAITS;
}

bool plan_is_open(const struct node *backup)
{
    const struct node *status = node_get(backup, LIT("status"));
    slice phase = tree_text(status, "phase");
    return !node_get(node_get(backup, LIT("metadata")), LIT("deletionTimestamp")) &&
           !slice_eq(phase, LIT("Failed")) && !slice_eq(phase, LIT("Invalid")) &&
           !status_has(status, "Complete") && !status_has(status, "Failed");
}

static enum child_state backup_state(const struct resource *o)
{
    slice phase = o->status.phase;
    if (plan_is_open(o->root))
        return unfinished(phase);
    if (o->metadata.deleting)
        return CHILD_GOING;
    if (slice_eq(phase, LIT("Failed")) || slice_eq(phase, LIT("Invalid")) ||
        status_has(node_get(o->root, LIT("status")), "Failed"))
        return CHILD_FAILED;
    return CHILD_COMPLETE;
}

static enum child_state compaction_state(const struct resource *o)
{
    if (o->metadata.deleting)
        return CHILD_GOING;
    if (slice_eq(o->compact_state, LIT("Complete")))
        return CHILD_COMPLETE;
    return slice_eq(o->compact_state, LIT("Failed")) ? CHILD_FAILED : unfinished(o->compact_state);
}

static uint64_t tso_at(slice text)
{
    struct timestamp t;
    return text.n && timestamp_parse(text, &t, NULL) ? t.tso : 0;
}

/* Returns how far a compaction came: to its reported end or, without a report or beyond its range, to the end of its range. */
static uint64_t reached(const struct resource *o, uint64_t until)
{
    uint64_t tso;
    slice noted = tree_text(o->metadata.annotations.node, COMPACTED_UNTIL);
    slice v1 = tree_text(node_get(o->root, LIT("status")), "endTs");
    if (!num_u64(noted, &tso) || !tso)
        tso = tso_at(v1);
    return tso && (!until || tso < until) ? tso : until;
}

static void read_child(struct plan_head *h, enum resource_kind kind, struct node *root)
{
    const struct resource o = resource_decode_head(GROUP_BR, kind, root);
    h->is_child = true;
    h->created = created_at(root);
    if (!stamp_at_end(o.metadata.name.value, &h->time))
        h->time = h->created;
    if (kind == KIND_COMPACT_BACKUP) {
        h->until = tso_at(tree_text_at(root, "spec.endTs"));
        h->state = compaction_state(&o);
        h->tso = h->state == CHILD_COMPLETE ? reached(&o, h->until) : 0;
        return;
    }
    h->is_log = slice_eq(tree_text_at(root, "spec.backupMode"), LIT("log"));
    h->state = backup_state(&o);
    h->tso = o.status.commit_ts.ok ? o.status.commit_ts.value.tso : 0;
}

struct plan_head plan_head(struct node *root)
{
    const struct node *metadata = node_get(root, LIT("metadata"));
    struct plan_head h = {.root = root,
                          .kind = tree_text(root, "kind"),
                          .api_version = tree_text(root, "apiVersion"),
                          .namespace = tree_text(metadata, "namespace"),
                          .name = tree_text(metadata, "name"),
                          .controller = plan_controller_uid(root)};
    if (slice_eq(h.kind, LIT("Backup")))
        read_child(&h, KIND_BACKUP, root);
    else if (slice_eq(h.kind, LIT("CompactBackup")))
        read_child(&h, KIND_COMPACT_BACKUP, root);
    return h;
}

const struct plan_head *const *plan_heads(struct arena *a, struct node *const *items, size_t count)
{
    struct plan_head *heads = ARENA_ARRAY(a, struct plan_head, count + 1);
    const struct plan_head **of = ARENA_ARRAY(a, const struct plan_head *, count + 1);
    for (size_t i = 0; i < count; i++) {
        heads[i] = plan_head(items[i]);
        of[i] = &heads[i];
    }
    return of;
}
