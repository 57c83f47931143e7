#include "surroundings.h"

#include "operator.h"
#include "tree.h"

static struct node *new_object(struct world *w, const char *api_version, const char *kind, slice namespace,
                               slice name)
{
    struct arena *a = w->arena;
    struct node *o = tree_object(a), *metadata;
    tree_put_text(a, o, "apiVersion", slice_of(api_version));
    tree_put_text(a, o, "kind", slice_of(kind));
    metadata = tree_put_object(a, o, "metadata");
    tree_put_text(a, metadata, "name", name);
    tree_put_text(a, metadata, "namespace", namespace);
    return o;
}

static void put_group(struct world *w, const char *kind, slice namespace, slice cluster)
{
    struct arena *a = w->arena;
    struct node *o = new_object(w, "core.pingcap.com/v1alpha1", kind, namespace,
                                arena_fmt(a, "%.*s-%s", FMT(cluster), kind));
    struct node *spec = tree_put_object(a, o, "spec");
    tree_put_text(a, tree_put_object(a, spec, "cluster"), "name", cluster);
    struct node *template = tree_put_object(a, tree_put_object(a, spec, "template"), "spec");
    tree_put_text(a, template, "version", LIT(SURROUNDINGS_VERSION));
    world_create(w, o);
}

/* v2 takes PD and TiKV from the schedule's own namespace, whatever clusterNamespace says. */
static void put_cluster(struct world *w, enum api_group group, slice own, slice namespace, slice name)
{
    struct arena *a = w->arena;
    if (group == GROUP_BR) {
        world_create(w, new_object(w, "core.pingcap.com/v1alpha1", "Cluster", own, name));
        world_create(w, new_object(w, "core.pingcap.com/v1alpha1", "Cluster", namespace, name));
        put_group(w, "PDGroup", own, name);
        put_group(w, "TiKVGroup", own, name);
        return;
    }
    struct node *o = new_object(w, "pingcap.com/v1alpha1", "TidbCluster", namespace, name);
    struct node *tikv = tree_put_object(a, tree_put_object(a, o, "spec"), "tikv");
    tree_put_text(a, tikv, "image", LIT("pingcap/tikv:" SURROUNDINGS_VERSION));
    struct node *status = tree_put_object(a, o, "status");
    struct node *ready = tree_put_object(a, tree_put_array(a, status, "conditions"), NULL);
    tree_put_text(a, ready, "type", LIT("Ready"));
    tree_put_text(a, ready, "status", LIT("True"));
    world_create(w, o);
}

static void put_secret(struct world *w, slice namespace, slice name)
{
    static const char *const keys[] = {"access_key",        "secret_key",      "credentials",
                                       "AZURE_STORAGE_KEY", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET",
                                       "AZURE_TENANT_ID",   "password",        "AZURE_STORAGE_ACCOUNT"};
    struct node *o = new_object(w, "v1", "Secret", namespace, name);
    struct node *data = tree_put_object(w->arena, o, "data");
    for (size_t i = 0; i < COUNT(keys); i++)
        tree_put_text(w->arena, data, keys[i], LIT("eA=="));
    world_create(w, o);
}

static void put_needs(struct world *w, const struct resource *o, const struct job_spec *job)
{
    slice own = o->metadata.namespace.value;
    const struct text *secret = storage_secret_name(&job->storage);
    if (job->br.node)
        put_cluster(w, o->group, own, br_cluster_namespace(&job->br, own), job->br.cluster.value);
    if (secret && text_given(secret))
        put_secret(w, own, secret->value);
}

static void put_backup_needs(struct world *w, const struct resource *o, const struct backup_spec *b)
{
    if (!b->node)
        return;
    put_needs(w, o, &b->job);
    if (text_given(&b->from_secret_name))
        put_secret(w, o->metadata.namespace.value, b->from_secret_name.value);
}

void surround(struct world *w, const struct resource *o)
{
    const struct schedule_spec *s = o->schedule;
    put_backup_needs(w, o, o->backup);
    put_backup_needs(w, o, &s->backup_template);
    put_backup_needs(w, o, &s->log_backup_template);
    if (s->compact_template.node)
        put_needs(w, o, &s->compact_template.job);
    if (o->compact->node)
        put_needs(w, o, &o->compact->job);
}
