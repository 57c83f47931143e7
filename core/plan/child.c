/* The children that a schedule makes. [tidb-operator v1: pkg/backup/backupschedule] */
#include "schedule.h"

#include "operator.h"
#include "storage_path.h"

/* What the longest child's Job name leaves for the schedule's: "backup-" and "-2006-01-02t15-04-05" of 63, and
 * a "compact-" more than that. */
enum { MOST_NAME = 35, SHORT_NAME = 26 };

/* The name, or for one that was stored before there was a gate and is too long, a beginning and a hash. */
static slice short_name(const struct planning *p)
{
    slice name = plan_name(p);
    uint32_t hash = 2166136261u;
    if (name.n <= MOST_NAME)
        return name;
    for (size_t i = 0; i < name.n; i++)
        hash = (hash ^ (unsigned char)name.p[i]) * 16777619u;
    return arena_fmt(p->arena, "%.*s-%08x", FMT(slice_cut(name, 0, SHORT_NAME)), hash);
}

slice snapshot_child_name(const struct planning *p, int64_t due)
{
    return arena_fmt(p->arena, "%.*s-%.*s", FMT(short_name(p)), FMT(stamp_of(p, due)));
}

slice log_child_name(const struct planning *p)
{
    return arena_fmt(p->arena, "log-%.*s", FMT(short_name(p)));
}

slice compaction_child_name(const struct planning *p, int64_t slot)
{
    return arena_fmt(p->arena, "compact-%.*s-%.*s", FMT(short_name(p)), FMT(stamp_of(p, slot)));
}

static void put_labels(const struct planning *p, struct node *metadata)
{
    struct arena *a = p->arena;
    slice own = plan_name(p);
    slice value = own.n <= 63 ? own : short_name(p);
    struct node *labels = tree_put_object(a, metadata, "labels");
    tree_put_text(a, labels, "app.kubernetes.io/name", LIT("backup-schedule"));
    if (plan_v2(p))
        tree_put_text(a, labels, "pingcap.com/managed-by", LIT("tidb-operator"));
    else
        tree_put_text(a, labels, "app.kubernetes.io/managed-by", LIT("backup-schedule-operator"));
    tree_put_text(a, labels, "app.kubernetes.io/instance", value);
    tree_put_text(a, labels, "tidb.pingcap.com/backup-schedule", value);
    put_missing(a, labels, p->object->metadata.labels.node);
}

/* All annotations except kubectl's last-applied configuration of the schedule: on a child, kubectl apply would take it
 * for the child's own. */
static void put_annotations(const struct planning *p, struct node *metadata)
{
    static const slice applied = SLICE("kubectl.kubernetes.io/last-applied-configuration");
    const struct node *own = p->object->metadata.annotations.node;
    struct node *annotations = NULL;
    for (const struct node *n = node_first(own); n; n = node_next(n)) {
        if (slice_eq(n->key, applied))
            continue;
        if (!annotations)
            annotations = tree_put_object(p->arena, metadata, "annotations");
        node_append(annotations, node_copy(p->arena, n, 0));
    }
}

static struct node *new_child(const struct planning *p, const char *kind, slice name,
                              const struct node *template)
{
    struct arena *a = p->arena;
    struct node *child = tree_object(a);
    tree_put_text(a, child, "apiVersion", tree_text(p->object->root, "apiVersion"));
    tree_put_text(a, child, "kind", slice_of(kind));
    struct node *metadata = tree_put_object(a, child, "metadata");
    tree_put_text(a, metadata, "name", name);
    tree_put_text(a, metadata, "namespace", plan_namespace(p));
    put_labels(p, metadata);
    put_annotations(p, metadata);
    put_owner(a, metadata, p->object);
    struct node *spec = tree_put(child, "spec", template ? node_copy(a, template, 0) : tree_object(a));
    const struct node *secrets = p->object->schedule->own.image_pull_secrets.node;
    if (!tree_empty(secrets))
        tree_set(spec, "imagePullSecrets", node_copy(a, secrets, 0));
    return child;
}

/* path.Join(prefix, below) in the storage block that the template uses. */
static void extend_prefix(const struct planning *p, struct node *child, const struct storage *s, slice below)
{
    const struct node *block = storage_node(s);
    const struct text *prefix = storage_prefix(s);
    if (!block)
        return;
    struct node *own = node_get(node_get(child, LIT("spec")), block->key);
    tree_set_text(p->arena, own, "prefix", path_join(p->arena, prefix->value, below));
}

struct node *snapshot_child(const struct planning *p, int64_t due)
{
    const struct schedule_spec *s = p->object->schedule;
    const struct backup_spec *t = &s->backup_template;
    struct arena *a = p->arena;
    struct node *child = new_child(p, "Backup", snapshot_child_name(p, due), t->node);
    struct node *spec = node_get(child, LIT("spec"));
    if (t->job.br.node) {
        const struct br *br = &t->job.br;
        slice namespace = br_cluster_namespace(br, plan_namespace(p));
        extend_prefix(p, child, &t->job.storage,
                      arena_fmt(a, "%.*s-pd.%.*s-2379-%.*s", FMT(br->cluster.value), FMT(namespace),
                                FMT(stamp_of(p, due))));
        return child;
    }
    if (text_given(&s->storage_class_name))
        tree_set_text(a, spec, "storageClassName", s->storage_class_name.value);
    if (text_given(&s->storage_size))
        tree_set_text(a, spec, "storageSize", s->storage_size.value);
    else if (!text_given(&t->storage_size))
        tree_set_text(a, spec, "storageSize", LIT("100Gi"));
    return child;
}

struct node *log_child(const struct planning *p)
{
    const struct backup_spec *t = &p->object->schedule->log_backup_template;
    struct node *child = new_child(p, "Backup", log_child_name(p), t->node);
    extend_prefix(p, child, &t->job.storage, arena_fmt(p->arena, "log-%.*s", FMT(stamp_of(p, p->now))));
    return child;
}

struct node *compaction_child(const struct planning *p, const struct backup_spec *log, int64_t slot,
                              uint64_t from, uint64_t until)
{
    const struct compact_spec *t = &p->object->schedule->compact_template;
    struct arena *a = p->arena;
    struct node *child = new_child(p, "CompactBackup", compaction_child_name(p, slot), t->node);
    struct node *spec = node_get(child, LIT("spec"));
    tree_set_text(a, spec, "startTs", arena_fmt(a, "%llu", (unsigned long long)from));
    tree_set_text(a, spec, "endTs", arena_fmt(a, "%llu", (unsigned long long)until));
    /* The log lies where the log Backup says, whatever the schedule's status remembers. */
    const struct storage *where = &log->job.storage;
    const struct node *block = storage_node(&t->job.storage);
    const struct text *prefix = storage_prefix(where);
    if (block && prefix)
        tree_set_text(a, node_get(spec, block->key), "prefix", prefix->value);
    return child;
}
