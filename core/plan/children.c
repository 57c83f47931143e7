/* The children of a schedule, by kind and state. */
#include "schedule.h"

#include "operator.h"

#include <stdlib.h>

enum { STUCK_SECONDS = 3600 };

/* A child that has not begun within an hour no longer holds back further backups. */
static enum child_state state_now(const struct planning *p, const struct plan_head *h)
{
    if (h->state != CHILD_WAITS)
        return h->state;
    return h->created && p->now - h->created > STUCK_SECONDS ? CHILD_STUCK : CHILD_ACTIVE;
}

static bool is_own(const struct planning *p, const struct plan_head *h)
{
    return slice_eq(h->controller, tree_text(p->object->metadata.node, "uid")) &&
           slice_eq(h->api_version, tree_text(p->object->root, "apiVersion")) &&
           slice_eq(h->namespace, plan_namespace(p));
}

static int by_time(const void *x, const void *y)
{
    const struct plan_head *a = ((const struct child *)x)->head, *b = ((const struct child *)y)->head;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return slice_cmp(a->name, b->name);
}

static void add_child(const struct planning *p, struct children *c, const struct plan_head *h)
{
    struct child child = {h, state_now(p, h)};
    c->untimed = c->untimed || !h->time;
    if (slice_eq(h->kind, LIT("CompactBackup"))) {
        c->compactions[c->compaction_count++] = child;
    } else if (h->is_log) {
        struct resource *log = ARENA_NEW(p->arena, struct resource);
        *log = resource_decode_head(p->object->group, KIND_BACKUP, h->root);
        c->log = log;
    } else {
        c->snapshots[c->snapshot_count++] = child;
    }
}

const struct backup_spec *log_spec(const struct planning *p, const struct children *c)
{
    return resource_decode(p->arena, c->log->group, c->log->kind, c->log->root)->backup;
}

struct children children_of(const struct planning *p)
{
    struct children c = {.snapshots = ARENA_ARRAY(p->arena, struct child, p->seen->count + 1),
                         .compactions = ARENA_ARRAY(p->arena, struct child, p->seen->count + 1)};
    for (size_t i = 0; i < p->seen->count; i++)
        if (p->heads[i]->is_child && is_own(p, p->heads[i]))
            add_child(p, &c, p->heads[i]);
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
        const struct plan_head *h = p->heads[i];
        if (!slice_eq(h->kind, LIT("Backup")) || state_now(p, h) != CHILD_ACTIVE)
            continue;
        const struct resource *o = resource_decode(p->arena, p->object->group, KIND_BACKUP, h->root);
        if (!o->backup->is_snapshot)
            continue;
        if (is_own(p, h) || (o->backup->job.br.node &&
                             slice_eq(own, cluster_key(p, &o->backup->job.br, o->metadata.namespace.value))))
            return h->root;
    }
    return NULL;
}
