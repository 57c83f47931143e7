/* Stores objects. */
#include "cache.h"

#include "brgate_limits.h"
#include "num.h"
#include "tree.h"

static slice part(const struct object *o, size_t at, size_t n)
{
    return (slice){o->text + at, n};
}

slice object_namespace(const struct object *o)
{
    return part(o, 0, o->namespace_n);
}

slice object_name(const struct object *o)
{
    return part(o, o->namespace_n, o->name_n);
}

slice object_uid(const struct object *o)
{
    return part(o, o->namespace_n + o->name_n, o->uid_n);
}

slice object_json(const struct object *o)
{
    return part(o, o->namespace_n + o->name_n + o->uid_n, o->json_n);
}

static size_t object_bytes(const struct object *o)
{
    return sizeof *o + o->namespace_n + o->name_n + o->uid_n + o->json_n;
}

struct cache cache_new(struct keep *k)
{
    return (struct cache){k, {.keep = k}, {.keep = k}, {.keep = k}};
}

void cache_clear(struct cache *c)
{
    size_t bucket = 0;
    for (struct link *l; (l = index_walk(&c->by_name, &bucket, NULL));)
        cache_remove(c, LINKED(l, struct object, by_name));
    index_close(&c->by_name);
    index_close(&c->by_owner);
    index_close(&c->by_cluster);
}

/* ---- keys ---- */

uint64_t version_of(slice resource_version)
{
    uint64_t number;
    return num_u64(resource_version, &number) ? number : 0;
}

static uint64_t name_key(enum kind_number kind, slice namespace, slice name)
{
    return hash_text(hash_text(hash_start() + kind, namespace), name);
}

uint64_t owner_key(slice controller_uid)
{
    return hash_text(hash_start(), controller_uid);
}

uint64_t pods_key(enum kind_number kind, slice namespace, slice name)
{
    return name_key(K_COUNT + kind_resource(kind), namespace, name);
}

uint64_t cluster_key(enum kind_number kind, slice namespace, const struct node *br)
{
    slice other = tree_text(br, "clusterNamespace");
    uint64_t hash = hash_text(hash_start() + kind_group(kind), other.n ? other : namespace);
    return hash_text(hash, tree_text(br, "cluster"));
}

uint64_t groups_key(slice namespace, slice cluster)
{
    return name_key(K_CLUSTER, namespace, cluster);
}

static uint64_t owner_key_of(enum kind_number kind, const struct node *root)
{
    const struct node *labels = node_at(root, "metadata.labels");
    slice namespace = tree_text_at(root, "metadata.namespace");
    slice backup = tree_text(labels, "tidb.pingcap.com/backup");
    if (kind == K_PD_GROUP || kind == K_TIKV_GROUP)
        return groups_key(namespace, tree_text_at(root, "spec.cluster.name"));
    if (kind != K_POD)
        return owner_key(plan_controller_uid(root));
    return backup.n ? pods_key(K_BR_BACKUP, namespace, backup)
                    : pods_key(K_BR_COMPACT, namespace, tree_text(labels, "tidb.pingcap.com/compact"));
}

/* ---- objects ---- */

struct object *cache_find(const struct cache *c, enum kind_number kind, slice namespace, slice name)
{
    for (struct link *l = index_first(&c->by_name, name_key(kind, namespace, name)); l; l = index_next(l)) {
        struct object *o = LINKED(l, struct object, by_name);
        if (o->kind == kind && slice_eq(object_name(o), name) && slice_eq(object_namespace(o), namespace))
            return o;
    }
    return NULL;
}

static void leave_out(struct node *n)
{
    if (n)
        n->flags |= NODE_PRUNED;
}

static slice compact(enum kind_number kind, struct node *root, struct arena *scratch)
{
    struct buf b = buf_new(scratch, LIMIT_DOCUMENT_BYTES);
    leave_out(node_at(root, "metadata.managedFields"));
    if (kinds[kind].drop_spec)
        leave_out(node_get(root, LIT("spec")));
    node_put_json(&b, root, false);
    return b.failed ? (slice){0} : buf_slice(&b);
}

static struct object *object_new(struct cache *c, enum kind_number kind, struct node *root,
                                 struct arena *scratch)
{
    slice parts[] = {tree_text_at(root, "metadata.namespace"), tree_text_at(root, "metadata.name"),
                     tree_text_at(root, "metadata.uid"), compact(kind, root, scratch)};
    size_t bytes = 0;
    for (size_t i = 0; i < COUNT(parts); i++)
        bytes += parts[i].n;
    struct object *o = keep_alloc(c->keep, sizeof *o + bytes);
    char *to = o->text;
    for (size_t i = 0; i < COUNT(parts); to += parts[i++].n)
        if (parts[i].n)
            memcpy(to, parts[i].p, parts[i].n);
    o->kind = kind;
    o->version = version_of(tree_text_at(root, "metadata.resourceVersion"));
    o->namespace_n = (uint32_t)parts[0].n;
    o->name_n = (uint32_t)parts[1].n;
    o->uid_n = (uint32_t)parts[2].n;
    o->json_n = (uint32_t)parts[3].n;
    return o;
}

struct object *cache_put(struct cache *c, enum kind_number kind, struct node *root, uint64_t round,
                         struct arena *scratch)
{
    slice namespace = tree_text_at(root, "metadata.namespace"), name = tree_text_at(root, "metadata.name");
    struct object *old = cache_find(c, kind, namespace, name);
    index_reserve(&c->by_name);
    index_reserve(&c->by_owner);
    index_reserve(&c->by_cluster);
    struct object *o = object_new(c, kind, root, scratch);
    o->round = round;
    if (old)
        cache_remove(c, old);
    index_add(&c->by_name, &o->by_name, name_key(kind, namespace, name));
    index_add(&c->by_owner, &o->by_owner, owner_key_of(kind, root));
    if ((kind == K_BR_BACKUP || kind == K_PINGCAP_BACKUP) && plan_is_open(root))
        index_add(&c->by_cluster, &o->by_cluster, cluster_key(kind, namespace, node_at(root, "spec.br")));
    return o;
}

void cache_remove(struct cache *c, struct object *o)
{
    index_remove(&c->by_name, &o->by_name);
    index_remove(&c->by_owner, &o->by_owner);
    index_remove(&c->by_cluster, &o->by_cluster);
    keep_free(c->keep, o, object_bytes(o));
}
