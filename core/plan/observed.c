/* Looks up the observed objects. */
#include "planning.h"

#include "operator.h"

const struct node *seen_find(const struct planning *p, const char *kind, slice namespace, slice name)
{
    slice wanted = slice_of(kind);
    for (size_t i = 0; i < p->seen->count; i++) {
        const struct plan_head *h = p->heads[i];
        if (slice_eq(h->kind, wanted) && slice_eq(h->name, name) && slice_eq(h->namespace, namespace))
            return h->root;
    }
    return NULL;
}

/* ---- Jobs ---- */

slice plan_controller_uid(const struct node *object)
{
    const struct node *owners = node_get(node_get(object, LIT("metadata")), LIT("ownerReferences"));
    for (const struct node *o = node_first(owners); o; o = node_next(o)) {
        const struct node *controller = node_get(o, LIT("controller"));
        if (controller && controller->kind == NODE_BOOL && controller->boolean)
            return tree_text(o, "uid");
    }
    return (slice){0};
}

static const struct node *true_condition(const struct node *object, const char *type)
{
    const struct node *conditions = node_at(object, "status.conditions");
    for (const struct node *c = node_first(conditions); c; c = node_next(c))
        if (slice_eq(tree_text(c, "type"), slice_of(type)) && slice_eq(tree_text(c, "status"), LIT("True")))
            return c;
    return NULL;
}

enum job_state job_state_of(const struct node *job, slice uid)
{
    if (!job)
        return JOB_ABSENT;
    if (!slice_eq(plan_controller_uid(job), uid))
        return JOB_FOREIGN;
    if (node_at(job, "metadata.deletionTimestamp"))
        return JOB_GOING;
    if (true_condition(job, "Complete"))
        return JOB_COMPLETE;
    return true_condition(job, "Failed") ? JOB_FAILED : JOB_RUNNING;
}

enum job_state seen_job(const struct planning *p, slice name, const struct node **ret_job)
{
    const struct node *job = seen_find(p, "Job", plan_namespace(p), name);
    if (ret_job)
        *ret_job = job;
    if (p->seen->unknown & UNKNOWN_JOBS)
        return JOB_GOING;
    return job_state_of(job, tree_text(p->object->metadata.node, "uid"));
}

slice job_failure_reason(const struct node *job)
{
    return tree_text(true_condition(job, "Failed"), "reason");
}

/* ---- the cluster ---- */

/* The operator takes the group that was created first, not the first by name. */
static const struct node *first_group(const struct planning *p, const char *kind, slice namespace,
                                      slice cluster)
{
    const struct node *first = NULL;
    for (size_t i = 0; i < p->seen->count; i++) {
        const struct node *g = p->seen->items[i];
        if (!slice_eq(p->heads[i]->kind, slice_of(kind)) || !slice_eq(p->heads[i]->namespace, namespace) ||
            !slice_eq(tree_text_at(g, "spec.cluster.name"), cluster))
            continue;
        if (!first || slice_cmp(tree_text_at(g, "metadata.creationTimestamp"),
                                tree_text_at(first, "metadata.creationTimestamp")) < 0)
            first = g;
    }
    return first;
}

static bool is_true(const struct node *root, const char *path)
{
    const struct node *n = node_at(root, path);
    return n && n->kind == NODE_BOOL && n->boolean;
}

static slice pd_address_of(const struct planning *p, const struct node *pd)
{
    enum { DEFAULT_CLIENT_PORT = 2379 };
    const struct node *port = node_at(pd, "spec.template.spec.server.ports.client.port");
    long long number = port && port->kind == NODE_INT ? port->integer : DEFAULT_CLIENT_PORT;
    return arena_fmt(p->arena, "%.*s-pd.%.*s:%lld", FMT(tree_text_at(pd, "metadata.name")),
                     FMT(tree_text_at(pd, "metadata.namespace")), number);
}

/* In the API server's words, which v1 shows, and v2 would if its condition were not refused. */
static const char *cluster_problem(const struct planning *p, slice namespace, slice name)
{
    slice text = plan_v2(p)
                     ? arena_fmt(p->arena, "Cluster.core.pingcap.com \"%.*s\" not found in namespace %.*s",
                                 FMT(name), FMT(namespace))
                     : arena_fmt(p->arena, "tidbcluster.pingcap.com \"%.*s\" not found", FMT(name));
    return arena_cstr(p->arena, text);
}

/* PD and TiKV are those of the resource's own namespace; the cluster that clusterNamespace names only says
 * whether there is TLS. [tidb-operator v2: pkg/controllers/br/manager/backup/backup_manager.go] */
static struct cluster_facts v2_cluster(const struct planning *p, const struct br *br)
{
    struct cluster_facts f = {0};
    slice own = plan_namespace(p), name = br->cluster.value;
    slice other = br_cluster_namespace(br, own);
    const struct node *here = seen_find(p, "Cluster", own, name);
    const struct node *there = seen_find(p, "Cluster", other, name);
    if (!here || !there) {
        f.problem = cluster_problem(p, here ? other : own, name);
        return f;
    }
    f.tls = is_true(there, "spec.tlsCluster.enabled");
    f.waits = is_true(here, "spec.paused") || is_true(here, "spec.suspendAction.suspendCompute");
    const struct node *tikv = first_group(p, "TiKVGroup", own, name);
    const struct node *pd = first_group(p, "PDGroup", own, name);
    if (!tikv || !pd) {
        slice text =
            arena_fmt(p->arena, "no %s groups found in cluster %.*s", tikv ? "pd" : "tikv", FMT(name));
        f.problem = arena_cstr(p->arena, text);
        return f;
    }
    f.tikv_version = tree_text_at(tikv, "spec.template.spec.version");
    f.tikv_image = tree_text_at(tikv, "spec.template.spec.image");
    f.pd_address = pd_address_of(p, pd);
    return f;
}

/* baseImage wins over image; the version is that of TiKV, then the cluster's; a tag is what follows the last
 * colon. [tidb-operator v1: pkg/apis/pingcap/v1alpha1/tidbcluster.go TiKVImage, pkg/backup/util ParseImage] */
static slice v1_tikv_image(const struct planning *p, const struct node *cluster)
{
    slice base = tree_text_at(cluster, "spec.tikv.baseImage");
    if (!base.n)
        return tree_text_at(cluster, "spec.tikv.image");
    const struct node *own = node_at(cluster, "spec.tikv.version");
    slice version = own ? tree_text_at(cluster, "spec.tikv.version") : tree_text_at(cluster, "spec.version");
    return version.n ? arena_fmt(p->arena, "%.*s:%.*s", FMT(base), FMT(version)) : base;
}

static slice image_tag(slice image)
{
    size_t colon = image.n;
    while (colon > 0 && image.p[colon - 1] != ':')
        colon--;
    return colon ? slice_from(image, colon) : (slice){0};
}

static struct cluster_facts v1_cluster(const struct planning *p, const struct br *br)
{
    struct cluster_facts f = {0};
    /* A CompactBackup takes clusterNamespace literally: the operator has no fallback there. */
    bool literal = p->object->kind == KIND_COMPACT_BACKUP || text_given(&br->cluster_namespace);
    slice namespace = literal ? br->cluster_namespace.value : plan_namespace(p), name = br->cluster.value;
    const struct node *cluster = seen_find(p, "TidbCluster", namespace, name);
    if (!cluster) {
        f.problem = cluster_problem(p, namespace, name);
        return f;
    }
    f.tikv_image = v1_tikv_image(p, cluster);
    f.tikv_version = image_tag(f.tikv_image);
    f.pd_address = arena_fmt(p->arena, "%.*s-pd.%.*s:2379", FMT(name), FMT(namespace));
    f.tls = is_true(cluster, "spec.tlsCluster.enabled");
    f.client_tls = is_true(cluster, "spec.tidb.tlsClient.enabled") &&
                   !node_get(node_at(cluster, "metadata.annotations"),
                             LIT("tidb.tidb.pingcap.com/skip-tls-when-connect-tidb"));
    f.skip_client_ca = is_true(cluster, "spec.tidb.tlsClient.skipInternalClientCA");
    f.waits = p->object->kind == KIND_BACKUP && !true_condition(cluster, "Ready");
    return f;
}

struct cluster_facts seen_cluster(const struct planning *p, const struct br *br)
{
    if (p->seen->unknown & UNKNOWN_CLUSTER)
        return (struct cluster_facts){.problem = "the cluster's objects could not be listed", .hidden = true};
    struct cluster_facts f = plan_v2(p) ? v2_cluster(p, br) : v1_cluster(p, br);
    f.client_secret = arena_fmt(p->arena, "%.*s-cluster-client-secret", FMT(br->cluster.value));
    return f;
}
