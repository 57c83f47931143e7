/* Facts as objects. */
#include "facts.h"

#include "base64.h"
#include "tree.h"

static struct node *new_object(struct world *w, const char *api_version, const char *kind,
                               const struct node *fact)
{
    struct arena *a = w->arena;
    struct node *o = tree_object(a);
    tree_put_text(a, o, "apiVersion", slice_of(api_version));
    tree_put_text(a, o, "kind", slice_of(kind));
    struct node *metadata = tree_put_object(a, o, "metadata");
    tree_put_text(a, metadata, "name", tree_text(fact, "name"));
    tree_put_text(a, metadata, "namespace", tree_text(fact, "namespace"));
    return o;
}

static void load_group(struct world *w, const char *kind, const struct node *cluster,
                       const struct node *group, unsigned number)
{
    struct arena *a = w->arena;
    struct node *o = new_object(w, "core.pingcap.com/v1alpha1", kind, group);
    struct node *metadata = node_get(o, LIT("metadata"));
    tree_put_text(a, metadata, "namespace", tree_text(cluster, "namespace"));
    tree_put_text(a, metadata, "creationTimestamp", arena_fmt(a, "2026-01-01T00:00:%02uZ", number % 60));
    struct node *spec = tree_put_object(a, o, "spec");
    tree_put_text(a, tree_put_object(a, spec, "cluster"), "name", tree_text(cluster, "name"));
    struct node *template = tree_put_object(a, tree_put_object(a, spec, "template"), "spec");
    tree_put_text(a, template, "version", tree_text(group, "version"));
    const struct node *port = node_get(group, LIT("clientPort"));
    if (port && port->integer != 2379) {
        struct node *ports = tree_put_object(a, tree_put_object(a, template, "server"), "ports");
        tree_put_copy(a, tree_put_object(a, ports, "client"), "port", port);
    }
    world_create(w, o);
}

/* Last one first: the API server's order is no order of creation. */
static void load_groups(struct world *w, const char *kind, const struct node *cluster, const char *list)
{
    const struct node *groups[64];
    unsigned count = 0;
    for (const struct node *g = node_first(node_get(cluster, slice_of(list))); g && count < 64;
         g = node_next(g))
        groups[count++] = g;
    while (count > 0) {
        count--;
        load_group(w, kind, cluster, groups[count], count);
    }
}

static void load_cluster(struct world *w, const struct node *fact)
{
    struct arena *a = w->arena;
    struct node *o = new_object(w, "core.pingcap.com/v1alpha1", "Cluster", fact);
    struct node *spec = tree_put_object(a, o, "spec");
    const struct node *tls = node_get(fact, LIT("tls")), *paused = node_get(fact, LIT("paused"));
    if (tls)
        tree_put_bool(a, tree_put_object(a, spec, "tlsCluster"), "enabled", tls->boolean);
    tree_put_copy(a, spec, "paused", paused);
    const struct node *suspended = node_get(fact, LIT("suspended"));
    if (suspended)
        tree_put_bool(a, tree_put_object(a, spec, "suspendAction"), "suspendCompute", suspended->boolean);
    world_create(w, o);
    load_groups(w, "PDGroup", fact, "pdGroupsInCreationOrder");
    load_groups(w, "TiKVGroup", fact, "tikvGroupsInCreationOrder");
}

static void load_tidb_cluster(struct world *w, const struct node *fact)
{
    struct arena *a = w->arena;
    struct node *o = new_object(w, "pingcap.com/v1alpha1", "TidbCluster", fact);
    tree_put_copy(a, o, "spec", node_get(fact, LIT("spec")));
    const struct node *annotations = node_get(fact, LIT("annotations"));
    tree_put_copy(a, node_get(o, LIT("metadata")), "annotations", annotations);
    const struct node *ready = node_get(fact, LIT("statusReady"));
    struct node *status = tree_put_object(a, o, "status");
    struct node *c = tree_put_object(a, tree_put_array(a, status, "conditions"), NULL);
    tree_put_text(a, c, "type", LIT("Ready"));
    tree_put_text(a, c, "status", ready && ready->boolean ? LIT("True") : LIT("False"));
    world_create(w, o);
}

static void load_secret(struct world *w, const struct node *fact)
{
    struct arena *a = w->arena;
    struct node *o = new_object(w, "v1", "Secret", fact), *data = tree_put_object(a, o, "data");
    for (const struct node *k = node_first(node_get(fact, LIT("keys"))); k; k = node_next(k)) {
        slice value = tree_text(fact, arena_cstr(a, k->text));
        tree_set_text(a, data, arena_cstr(a, k->text), base64_encode(a, value.n ? value : LIT("x")));
    }
    world_create(w, o);
}

void facts_load(struct world *w, const struct node *facts)
{
    for (const struct node *n = node_first(node_get(facts, LIT("clusters"))); n; n = node_next(n))
        load_cluster(w, n);
    for (const struct node *n = node_first(node_get(facts, LIT("tidbClusters"))); n; n = node_next(n))
        load_tidb_cluster(w, n);
    for (const struct node *n = node_first(node_get(facts, LIT("secrets"))); n; n = node_next(n))
        load_secret(w, n);
}

struct plan_settings facts_settings(const struct node *facts)
{
    const struct node *operator= node_get(facts, LIT("operator"));
    const struct node *flags = node_get(operator, LIT("flags"));
    slice v2 = tree_text(flags, "backup-manager-image");
    return (struct plan_settings){
        .manager_image = v2.n ? v2 : tree_text(flags, "tidb-backup-manager-image"),
        .time_zone = tree_text(node_get(operator, LIT("env")), "TZ"),
    };
}
