/* The defaults that kube-apiserver 1.36 writes into a Job, as far as Jobs of the operators reach.
 * [kubernetes: pkg/apis/batch/v1/defaults.go, pkg/apis/core/v1/defaults.go, pkg/registry/batch/job/strategy.go] */
#include "tree.h"
#include "world.h"

static void default_text(struct arena *a, struct node *o, const char *key, const char *value)
{
    if (!node_get(o, slice_of(key)))
        tree_put_text(a, o, key, slice_of(value));
}

static void default_int(struct arena *a, struct node *o, const char *key, int64_t value)
{
    if (!node_get(o, slice_of(key)))
        tree_put_int(a, o, key, value);
}

static void default_bool(struct arena *a, struct node *o, const char *key, bool value)
{
    if (!node_get(o, slice_of(key)))
        tree_put_bool(a, o, key, value);
}

static void default_object(struct arena *a, struct node *o, const char *key)
{
    if (!node_get(o, slice_of(key)))
        tree_put_object(a, o, key);
}

static void default_env(struct arena *a, struct node *variable)
{
    struct node *from = node_get(variable, LIT("valueFrom"));
    struct node *field = node_get(from, LIT("fieldRef")), *resource = node_get(from, LIT("resourceFieldRef"));
    if (field)
        default_text(a, field, "apiVersion", "v1");
    if (resource)
        default_text(a, resource, "divisor", "0");
    if (!tree_text(variable, "value").n)
        tree_unset(variable, "value");
}

static void default_container(struct arena *a, struct node *c)
{
    default_text(a, c, "terminationMessagePath", "/dev/termination-log");
    default_text(a, c, "terminationMessagePolicy", "File");
    default_object(a, c, "resources");
    for (struct node *e = node_first(node_get(c, LIT("env"))); e; e = node_next(e))
        default_env(a, e);
    for (struct node *m = node_first(node_get(c, LIT("volumeMounts"))); m; m = node_next(m)) {
        struct node *read_only = node_get(m, LIT("readOnly"));
        if (read_only && !read_only->boolean)
            tree_unset(m, "readOnly");
    }
}

static void default_projection(struct arena *a, struct node *source)
{
    struct node *token = node_get(source, LIT("serviceAccountToken"));
    if (token)
        default_int(a, token, "expirationSeconds", 3600);
    struct node *items = node_get(node_get(source, LIT("downwardAPI")), LIT("items"));
    for (struct node *i = node_first(items); i; i = node_next(i))
        if (node_get(i, LIT("fieldRef")))
            default_text(a, node_get(i, LIT("fieldRef")), "apiVersion", "v1");
}

static void default_volume(struct arena *a, struct node *v)
{
    static const char *const with_mode[] = {"secret", "configMap", "projected", "downwardAPI"};
    enum { DEFAULT_MODE = 0644 };
    for (size_t i = 0; i < sizeof with_mode / sizeof *with_mode; i++)
        if (node_get(v, slice_of(with_mode[i])))
            default_int(a, node_get(v, slice_of(with_mode[i])), "defaultMode", DEFAULT_MODE);
    struct node *sources = node_get(node_get(v, LIT("projected")), LIT("sources"));
    for (struct node *s = node_first(sources); s; s = node_next(s))
        default_projection(a, s);
    struct node *host_path = node_get(v, LIT("hostPath"));
    if (host_path && !node_get(host_path, LIT("type")))
        tree_set_text(a, host_path, "type", (slice){0});
    struct node *claim = node_at(v, "ephemeral.volumeClaimTemplate.spec");
    if (claim) {
        default_text(a, claim, "volumeMode", "Filesystem");
        default_object(a, node_at(v, "ephemeral.volumeClaimTemplate"), "metadata");
    }
    size_t sources_given = 0;
    for (const struct node *m = node_first(v); m; m = node_next(m))
        sources_given += !slice_eq(m->key, LIT("name"));
    if (!sources_given)
        default_object(a, v, "emptyDir");
}

static void default_pod(struct arena *a, struct node *pod)
{
    static const char *const lists[] = {"initContainers", "containers"};
    default_text(a, pod, "dnsPolicy", "ClusterFirst");
    default_text(a, pod, "schedulerName", "default-scheduler");
    default_int(a, pod, "terminationGracePeriodSeconds", 30);
    default_object(a, pod, "securityContext");
    slice account = tree_text(pod, "serviceAccountName");
    if (account.n)
        tree_set_text(a, pod, "serviceAccount", account);
    for (size_t i = 0; i < 2; i++)
        for (struct node *c = node_first(node_get(pod, slice_of(lists[i]))); c; c = node_next(c))
            default_container(a, c);
    for (struct node *v = node_first(node_get(pod, LIT("volumes"))); v; v = node_next(v))
        default_volume(a, v);
}

void api_default_job(struct arena *a, struct node *job)
{
    struct node *spec = node_get(job, LIT("spec"));
    default_int(a, spec, "parallelism", 1);
    default_int(a, spec, "completions", 1);
    default_text(a, spec, "completionMode", "NonIndexed");
    default_bool(a, spec, "suspend", false);
    default_bool(a, spec, "manualSelector", false);
    default_text(a, spec, "podReplacementPolicy", "TerminatingOrFailed");
    default_int(a, spec, "backoffLimit", node_get(spec, LIT("backoffLimitPerIndex")) ? INT32_MAX : 6);
    struct node *template = node_get(spec, LIT("template"));
    default_object(a, template, "metadata");
    default_object(a, node_get(template, LIT("metadata")), "labels");
    struct node *labels = node_at(template, "metadata.labels");
    slice name = tree_text_at(job, "metadata.name");
    tree_set_text(a, labels, "job-name", name);
    tree_set_text(a, labels, "batch.kubernetes.io/job-name", name);
    default_object(a, job, "status");
    default_pod(a, node_at(spec, "template.spec"));
}
