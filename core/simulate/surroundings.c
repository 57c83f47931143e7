/* What the schedule's Jobs need to be made: a cluster that is ready, and Secrets with every key. */
#include "playing.h"

#include "operator.h"
#include "tree.h"

static struct node *new_object(struct playing *p, const char *api_version, const char *kind, slice namespace,
                               slice name)
{
    struct arena *a = p->scratch;
    struct node *o = tree_object(a), *metadata;
    tree_put_text(a, o, "apiVersion", slice_of(api_version));
    tree_put_text(a, o, "kind", slice_of(kind));
    metadata = tree_put_object(a, o, "metadata");
    tree_put_text(a, metadata, "name", name);
    tree_put_text(a, metadata, "namespace", namespace);
    return o;
}

static void put_group(struct playing *p, const char *kind, slice namespace, slice cluster)
{
    struct arena *a = p->scratch;
    struct node *o = new_object(p, "core.pingcap.com/v1alpha1", kind, namespace,
                                arena_fmt(a, "%.*s-%s", FMT(cluster), kind));
    struct node *spec = tree_put_object(a, o, "spec");
    tree_put_text(a, tree_put_object(a, spec, "cluster"), "name", cluster);
    struct node *template = tree_put_object(a, tree_put_object(a, spec, "template"), "spec");
    tree_put_text(a, template, "version", LIT("v8.5.3"));
    world_create(&p->world, o);
}

/* v2 takes PD and TiKV from the schedule's own namespace, whatever clusterNamespace says. */
static void put_cluster(struct playing *p, slice own, slice namespace, slice name)
{
    struct arena *a = p->scratch;
    if (p->request->schedule->group == GROUP_BR) {
        world_create(&p->world, new_object(p, "core.pingcap.com/v1alpha1", "Cluster", own, name));
        world_create(&p->world, new_object(p, "core.pingcap.com/v1alpha1", "Cluster", namespace, name));
        put_group(p, "PDGroup", own, name);
        put_group(p, "TiKVGroup", own, name);
        return;
    }
    struct node *o = new_object(p, "pingcap.com/v1alpha1", "TidbCluster", namespace, name);
    struct node *tikv = tree_put_object(a, tree_put_object(a, o, "spec"), "tikv");
    tree_put_text(a, tikv, "image", LIT("pingcap/tikv:v8.5.3"));
    struct node *status = tree_put_object(a, o, "status");
    struct node *ready = tree_put_object(a, tree_put_array(a, status, "conditions"), NULL);
    tree_put_text(a, ready, "type", LIT("Ready"));
    tree_put_text(a, ready, "status", LIT("True"));
    world_create(&p->world, o);
}

static void put_secret(struct playing *p, slice namespace, slice name)
{
    static const char *const keys[] = {"access_key",        "secret_key",      "credentials",
                                       "AZURE_STORAGE_KEY", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET",
                                       "AZURE_TENANT_ID",   "password",        "AZURE_STORAGE_ACCOUNT"};
    struct node *o = new_object(p, "v1", "Secret", namespace, name);
    struct node *data = tree_put_object(p->scratch, o, "data");
    for (size_t i = 0; i < COUNT(keys); i++)
        tree_put_text(p->scratch, data, keys[i], LIT("eA=="));
    world_create(&p->world, o);
}

static void put_needs(struct playing *p, const struct job_spec *job)
{
    slice own = p->request->schedule->metadata.namespace.value;
    const struct text *secret = storage_secret_name(&job->storage);
    if (job->br.node)
        put_cluster(p, own, br_cluster_namespace(&job->br, own), job->br.cluster.value);
    if (secret && text_given(secret))
        put_secret(p, own, secret->value);
}

void play_surround(struct playing *p)
{
    const struct schedule_spec *s = p->request->schedule->schedule;
    slice own = p->request->schedule->metadata.namespace.value;
    put_needs(p, &s->backup_template.job);
    if (text_given(&s->backup_template.from_secret_name))
        put_secret(p, own, s->backup_template.from_secret_name.value);
    if (s->log_backup_template.node)
        put_needs(p, &s->log_backup_template.job);
    if (s->compact_template.node)
        put_needs(p, &s->compact_template.job);
}
