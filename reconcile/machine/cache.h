/* The objects of the cluster as compact JSON, each in one piece of memory. Internal to this layer.
 *
 * It leaves out what no plan reads: managedFields, and the spec of Jobs and Pods. It finds objects by name, by owner and,
 * while they may hold back others, by the TiDB cluster that they back up. */
#ifndef BRGATE_MACHINE_CACHE_H
#define BRGATE_MACHINE_CACHE_H

#include "index.h"
#include "kinds.h"

struct object {
    struct link by_name, by_owner, by_cluster;
    uint64_t version; /* metadata.resourceVersion; 0: it is not a number */
    uint64_t round;   /* of its kind's list that showed it last */
    enum kind_number kind;
    uint32_t namespace_n, name_n, uid_n, json_n;
    char text[]; /* namespace, name, uid, JSON */
};

/* Return parts of the object; they live as long as it. */
slice object_namespace(const struct object *o);
slice object_name(const struct object *o);
slice object_uid(const struct object *o);
slice object_json(const struct object *o);

struct cache {
    struct keep *keep;
    struct index by_name, by_owner, by_cluster;
};

struct cache cache_new(struct keep *k); /* an empty one */
void cache_clear(struct cache *c);      /* forgets all objects */

/* Returns the object of that name; NULL when there is none. It lives until the next change of the cache. */
struct object *cache_find(const struct cache *c, enum kind_number kind, slice namespace, slice name);

/* Replaces the object of that name. `root` has kind, name and resourceVersion; flags mark its nodes that are left out.
 * `scratch` holds intermediate texts. */
struct object *cache_put(struct cache *c, enum kind_number kind, struct node *root, uint64_t round,
                         struct arena *scratch);
void cache_remove(struct cache *c, struct object *o);

/* The number that orders the versions of objects, or 0. [KEP-5504: resourceVersions of a resource compare as numbers] */
uint64_t version_of(slice resource_version);

/* Keys of by_owner: the objects that one controls; the Pods of its Jobs, which name it in a label; the groups of a TiDB
 * cluster. */
uint64_t owner_key(slice controller_uid);
uint64_t pods_key(enum kind_number kind, slice namespace, slice name);
uint64_t groups_key(slice namespace, slice cluster);
/* The key of by_cluster, of a br block's cluster, for objects of that group. */
uint64_t cluster_key(enum kind_number kind, slice namespace, const struct node *br);

#endif
