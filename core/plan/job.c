/* Builds the parts that all Jobs have in common. */
#include "job.h"

#include <stdarg.h>
#include <stdio.h>

struct job job_new(const struct planning *p, slice name)
{
    struct arena *a = p->arena;
    return (struct job){
        .name = name,
        .labels = tree_object(a),
        .args = tree_array(a),
        .env = tree_array(a),
        .volumes = tree_array(a),
        .mounts = tree_array(a),
        .init_containers = tree_array(a),
    };
}

void job_arg(const struct planning *p, struct job *j, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tree_put_text(p->arena, j->args, NULL, arena_vfmt(p->arena, format, args));
    va_end(args);
}

/* ---- environment ---- */

static void put_env(struct job *j, struct node *variable)
{
    slice name = tree_text(variable, "name");
    for (struct node *n = node_first(j->env); n; n = node_next(n)) {
        if (!slice_eq(tree_text(n, "name"), name))
            continue;
        n->first = variable->first;
        n->last = variable->last;
        n->count = variable->count;
        for (struct node *m = n->first; m; m = m->next)
            m->parent = n;
        return;
    }
    tree_put(j->env, NULL, variable);
}

void job_env(const struct planning *p, struct job *j, const char *name, slice value)
{
    struct node *v = tree_object(p->arena);
    tree_put_text(p->arena, v, "name", slice_of(name));
    tree_put_text(p->arena, v, "value", value);
    put_env(j, v);
}

void job_env_secret(const struct planning *p, struct job *j, const char *name, slice secret, const char *key)
{
    struct arena *a = p->arena;
    struct node *v = tree_object(a);
    tree_put_text(a, v, "name", slice_of(name));
    struct node *ref = tree_put_object(a, tree_put_object(a, v, "valueFrom"), "secretKeyRef");
    tree_put_text(a, ref, "name", secret);
    tree_put_text(a, ref, "key", slice_of(key));
    put_env(j, v);
}

void job_env_own(const struct planning *p, struct job *j, const struct job_spec *spec)
{
    for (const struct node *n = node_first(spec->env.node); n; n = node_next(n))
        put_env(j, node_copy(p->arena, n, 0));
}

void job_env_zone(const struct planning *p, struct job *j)
{
    for (const struct node *n = node_first(j->env); n; n = node_next(n))
        if (slice_eq(tree_text(n, "name"), LIT("TZ")))
            return;
    if (p->settings->time_zone.n)
        job_env(p, j, "TZ", p->settings->time_zone);
}

/* ---- volumes ---- */

static struct node *put_volume(const struct planning *p, struct job *j, const char *name, const char *source)
{
    struct node *volume = tree_put_object(p->arena, j->volumes, NULL);
    tree_put_text(p->arena, volume, "name", slice_of(name));
    return tree_put_object(p->arena, volume, source);
}

static struct node *put_mount(const struct planning *p, struct job *j, const char *name, const char *path)
{
    struct node *mount = tree_put_object(p->arena, j->mounts, NULL);
    tree_put_text(p->arena, mount, "name", slice_of(name));
    tree_put_text(p->arena, mount, "mountPath", slice_of(path));
    return mount;
}

void job_mount_secret(const struct planning *p, struct job *j, const char *volume, slice secret,
                      const char *path)
{
    tree_put_text(p->arena, put_volume(p, j, volume, "secret"), "secretName", secret);
    tree_put_bool(p->arena, put_mount(p, j, volume, path), "readOnly", true);
}

void job_mount_empty(const struct planning *p, struct job *j, const char *volume, const char *path)
{
    put_volume(p, j, volume, "emptyDir");
    put_mount(p, j, volume, path);
}

void job_mount_additional(const struct planning *p, struct job *j, const struct job_spec *spec)
{
    tree_put_elements(p->arena, j->volumes, spec->additional_volumes.node);
    tree_put_elements(p->arena, j->mounts, spec->additional_volume_mounts.node);
}

void job_mount_local(const struct planning *p, struct job *j, const struct job_spec *spec)
{
    tree_put_copy(p->arena, j->volumes, NULL, spec->storage.local.volume.node);
    tree_put_copy(p->arena, j->mounts, NULL, spec->storage.local.volume_mount.node);
}

/* A token of the service account for pods that do not get one: V1's own projection.
 * [tidb-operator v1: pkg/util/util.go SATokenProjectionVolume] */
static void mount_token(const struct planning *p, struct job *j)
{
    enum { TOKEN_SECONDS = 3607 };
    struct arena *a = p->arena;
    struct node *sources = tree_put_array(a, put_volume(p, j, "kube-api-access", "projected"), "sources");
    struct node *token = tree_put_object(a, tree_put_object(a, sources, NULL), "serviceAccountToken");
    tree_put_int(a, token, "expirationSeconds", TOKEN_SECONDS);
    tree_put_text(a, token, "path", LIT("token"));
    struct node *ca = tree_put_object(a, tree_put_object(a, sources, NULL), "configMap");
    tree_put_text(a, ca, "name", LIT("kube-root-ca.crt"));
    struct node *item = tree_put_object(a, tree_put_array(a, ca, "items"), NULL);
    tree_put_text(a, item, "key", LIT("ca.crt"));
    tree_put_text(a, item, "path", LIT("ca.crt"));
    struct node *downward = tree_put_object(a, tree_put_object(a, sources, NULL), "downwardAPI");
    item = tree_put_object(a, tree_put_array(a, downward, "items"), NULL);
    tree_put_text(a, item, "path", LIT("namespace"));
    struct node *field = tree_put_object(a, item, "fieldRef");
    tree_put_text(a, field, "apiVersion", LIT("v1"));
    tree_put_text(a, field, "fieldPath", LIT("metadata.namespace"));
    tree_put_bool(a, put_mount(p, j, "kube-api-access", "/var/run/secrets/kubernetes.io/serviceaccount"),
                  "readOnly", true);
}

/* ---- the whole ---- */

slice job_manager_image(const struct planning *p)
{
    if (p->settings->manager_image.n)
        return p->settings->manager_image;
    return plan_v2(p) ? LIT("pingcap/tidb-backup-manager:v2.1.0") : LIT("pingcap/tidb-backup-manager:v1.6.6");
}

slice job_tool_image(const struct planning *p, const struct text *image, slice version)
{
    slice base = text_given(image) ? image->value : LIT("pingcap/br");
    /* A registry's port counts as a tag: "reg:5000/br" stays as it is. */
    bool tagged = text_given(image) && slice_find_char(base, ':') != SLICE_NONE;
    return tagged ? base : arena_fmt(p->arena, "%.*s:%.*s", FMT(base), FMT(version));
}

void job_wait(struct planning *p, const char *what, struct job_problem problem)
{
    const struct backup_spec *b = p->object->backup;
    const struct text *secret = storage_secret_name(&b->job.storage);
    p->result.secret = (secret && text_given(secret)) || (!plan_v2(p) && b->from_secret_name.value.n);
    plan_wait(p, p->now + LOOK_AGAIN_SECONDS, "%s%.*s", what, FMT(problem.message));
}

static struct node *put_container(const struct planning *p, struct node *list, const char *name, slice image)
{
    struct node *c = tree_put_object(p->arena, list, NULL);
    tree_put_text(p->arena, c, "name", slice_of(name));
    tree_put_text(p->arena, c, "image", image);
    tree_put_text(p->arena, c, "imagePullPolicy", LIT("IfNotPresent"));
    return c;
}

void job_copy_tool(const struct planning *p, struct job *j, const struct job_spec *spec, const char *tool,
                   slice image, const char *to, const struct node *mounts)
{
    struct arena *a = p->arena;
    struct node *c = put_container(p, j->init_containers, tool, image);
    struct node *command = tree_put_array(a, c, "command");
    tree_put_text(a, command, NULL, LIT("/bin/sh"));
    tree_put_text(a, command, NULL, LIT("-c"));
    slice said = slice_eq(slice_of(tool), LIT("br")) ? LIT("BR") : slice_of(tool);
    tree_put_text(a, tree_put_array(a, c, "args"), NULL,
                  arena_fmt(a, "cp /%s %s/%s; echo '%.*s copy finished'", tool, to, tool, FMT(said)));
    tree_put_copy(a, c, "resources", spec->resources.node);
    tree_put_copy(a, c, "volumeMounts", mounts);
}

static void put_list(const struct planning *p, struct node *into, const char *key, const struct node *list)
{
    if (!tree_empty(list))
        tree_put_copy(p->arena, into, key, list);
}

static void put_main_container(const struct planning *p, const struct job *j, const struct job_spec *spec,
                               struct node *pod)
{
    struct arena *a = p->arena;
    struct node *c =
        put_container(p, tree_put_array(a, pod, "containers"), arena_cstr(a, j->container), j->image);
    if (j->has_command)
        tree_put_text(a, tree_put_array(a, c, "command"), NULL, LIT("/tidb-backup-manager"));
    if (j->script.n) {
        struct node *command = tree_put_array(a, c, "command");
        tree_put_text(a, command, NULL, LIT("/bin/sh"));
        tree_put_text(a, command, NULL, LIT("-c"));
        tree_put_text(a, command, NULL, j->script);
        tree_put_text(a, command, NULL, j->container);
    }
    put_list(p, c, "args", j->args);
    put_list(p, c, "env", j->env);
    tree_put_copy(a, c, "resources", spec->resources.node);
    put_list(p, c, "volumeMounts", j->mounts);
}

static void put_pod(const struct planning *p, const struct job *j, const struct job_spec *spec,
                    struct node *pod)
{
    struct arena *a = p->arena;
    bool given = text_given(&spec->service_account);
    tree_put_text(a, pod, "serviceAccountName",
                  given ? spec->service_account.value : LIT("tidb-backup-manager"));
    if (spec->automount_token.state == FIELD_GIVEN && !plan_v2(p))
        tree_put_bool(a, pod, "automountServiceAccountToken", spec->automount_token.value);
    tree_put_text(a, pod, "restartPolicy", j->on_failure ? LIT("OnFailure") : LIT("Never"));
    tree_put_copy(a, pod, "securityContext", spec->pod_security_context.node);
    tree_put_copy(a, pod, "affinity", spec->affinity.node);
    put_list(p, pod, "tolerations", spec->tolerations.node);
    put_list(p, pod, "imagePullSecrets", spec->image_pull_secrets.node);
    tree_put_text(a, pod, "priorityClassName", spec->priority_class_name.value);
    put_list(p, pod, "initContainers", j->init_containers);
    put_main_container(p, j, spec, pod);
    put_list(p, pod, "volumes", j->volumes);
}

static void put_strategy(const struct planning *p, const struct job *j, struct node *spec)
{
    if (j->shards <= 0) {
        tree_put_int(p->arena, spec, "backoffLimit", j->backoff_limit);
        return;
    }
    tree_put_text(p->arena, spec, "completionMode", LIT("Indexed"));
    tree_put_int(p->arena, spec, "completions", j->shards);
    tree_put_int(p->arena, spec, "parallelism", j->shards);
    tree_put_int(p->arena, spec, "backoffLimitPerIndex", j->backoff_limit);
    tree_put_int(p->arena, spec, "maxFailedIndexes", j->shards);
}

struct node *job_finish(const struct planning *p, struct job *j, const struct job_spec *spec)
{
    struct arena *a = p->arena;
    const struct metadata *own = &p->object->metadata;
    if (spec->automount_token.state == FIELD_GIVEN && !spec->automount_token.value && !plan_v2(p))
        mount_token(p, j);
    put_missing(a, j->labels, own->labels.node);

    struct node *job = tree_object(a);
    tree_put_text(a, job, "apiVersion", LIT("batch/v1"));
    tree_put_text(a, job, "kind", LIT("Job"));
    struct node *metadata = tree_put_object(a, job, "metadata");
    tree_put_text(a, metadata, "name", j->name);
    tree_put_text(a, metadata, "namespace", plan_namespace(p));
    tree_put_copy(a, metadata, "labels", j->labels);
    put_list(p, metadata, "annotations", own->annotations.node);
    put_owner(a, metadata, p->object);

    struct node *job_spec = tree_put_object(a, job, "spec");
    put_strategy(p, j, job_spec);
    struct node *template = tree_put_object(a, job_spec, "template");
    metadata = tree_put_object(a, template, "metadata");
    tree_put_copy(a, metadata, "labels", j->labels);
    put_list(p, metadata, "annotations", own->annotations.node);
    put_pod(p, j, spec, tree_put_object(a, template, "spec"));
    return job;
}
