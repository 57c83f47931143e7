/* Volumes and mounts as the API server checks them, one by one; names that clash are in rule_volume.c. */
#include "checks.h"

#include "bug.h"
#include "kube_name.h"

#include <stdlib.h>

#define SUBJECT struct job_spec
#define RULES   "rule_mount.def"
#include "rule_table.h"

static const struct node *local_volume(const struct job_spec *job)
{
    return job->storage.used == STORAGE_LOCAL ? job->storage.local.volume.node : NULL;
}

static const struct node *local_mount(const struct job_spec *job)
{
    return job->storage.used == STORAGE_LOCAL ? job->storage.local.volume_mount.node : NULL;
}

/* ---- volumes ---- */

static size_t count_sources(const struct node *volume)
{
    size_t n = 0;
    for (const struct node *c = node_first(volume); c; c = node_next(c))
        n += !slice_eq(c->key, LIT("name"));
    return n;
}

/* Whether the source has a misspelt name, which is another rule's matter. */
static bool has_unknown_member(const struct node *volume)
{
    for (const struct node *c = volume->first; c; c = c->next)
        if (c->flags & NODE_PRUNED)
            return true;
    return false;
}

/* Whether a source must be taken for missing; a faulty one is not. */
static bool lacks_source(const struct rule_run *run, const struct node *volume)
{
    return volume->kind == NODE_OBJECT && !(volume->flags & (NODE_BAD | NODE_PLACEHOLDER)) &&
           count_sources(volume) == 0 && !(run->context == CONTEXT_MANIFEST && has_unknown_member(volume));
}

static void check_host_path(struct rule_run *run, const struct node *volume)
{
    static const slice types[] = {SLICE("DirectoryOrCreate"),
                                  SLICE("Directory"),
                                  SLICE("FileOrCreate"),
                                  SLICE("File"),
                                  SLICE("Socket"),
                                  SLICE("CharDevice"),
                                  SLICE("BlockDevice")};
    const struct node *type = node_get(node_get(volume, LIT("hostPath")), LIT("type"));
    if (value_is_text(type) && type->text.n && !slice_among(type->text, types, COUNT(types)))
        rule_unsupported(run, &rule_pod_volume, &(struct text){type, type->text, FIELD_GIVEN}, types,
                         COUNT(types));
}

static void check_volume(struct rule_run *run, const struct node *volume)
{
    check_host_path(run, volume);
    const struct node *name = node_get(volume, LIT("name"));
    struct refusal why = {0};
    if (value_is_text(name) && !kube_label(name->text, &why))
        rule_refused(run, &rule_pod_volume, &(struct text){name, name->text, FIELD_GIVEN}, &why);
    if (count_sources(volume) < 2 || findings_full(run->findings, &rule_pod_volume))
        return;
    struct finding *x = finding_at(run->findings, &rule_pod_volume, FIELD_FORBIDDEN, at_value(volume),
                                   "may not specify more than one source");
    finding_hint(x, "keep one of them");
}

static void pod_volume(struct rule_run *run, const struct job_spec *job)
{
    if (local_volume(job))
        check_volume(run, local_volume(job));
    for (const struct node *v = node_first(job->additional_volumes.node); v; v = node_next(v))
        if (v->kind == NODE_OBJECT)
            check_volume(run, v);
}

static void pod_volume_empty(struct rule_run *run, const struct job_spec *job)
{
    for (const struct node *v = node_first(job->additional_volumes.node); v; v = node_next(v)) {
        if (!lacks_source(run, v) || findings_full(run->findings, &rule_pod_volume_empty))
            continue;
        struct finding *x = finding_at(run->findings, &rule_pod_volume_empty, FIELD_NONE, at_value(v),
                                       "the volume has no source: Kubernetes uses an empty directory, which "
                                       "is deleted with the pod");
        finding_hint(x, "add the source, or emptyDir: {} if that is what you mean");
    }
}

static void local_volume_lost(struct rule_run *run, const struct job_spec *job)
{
    const struct node *volume = local_volume(job), *empty = node_get(volume, LIT("emptyDir"));
    if (!volume || (!lacks_source(run, volume) && !empty))
        return;
    struct finding *x = finding_at(
        run->findings, &rule_local_volume_lost, FIELD_FORBIDDEN, empty ? at_key(empty) : at_value(volume),
        "%s is deleted with the Job's pod, and the backup's metadata with it",
        empty ? "an empty directory" : "a volume without a source is an empty directory, which");
    finding_hint(x, "use a volume that outlives the pod and that TiKV mounts too, such as nfs");
}

/* ---- mounts ---- */

enum { OWN_MOST = 4 };

struct mount {
    slice path;
    const struct node *at; /* the path; NULL: the operator's own */
    size_t number;         /* its place among them; the operator's come first */
};

static int by_path(const void *p, const void *q)
{
    const struct mount *a = p, *b = q;
    int order = slice_cmp(a->path, b->path);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

static void add_mount(struct mount *list, size_t *count, slice path, const struct node *at)
{
    list[*count] = (struct mount){path, at, *count};
    ++*count;
}

/* The paths that the operator mounts whatever the cluster is. [recorded from the operators] */
static void add_own(const struct rule_run *run, const struct job_spec *job, struct mount *list, size_t *count)
{
    if (job_is_dumpling(run, job)) {
        add_mount(list, count, LIT("/backup"), NULL);
        return;
    }
    add_mount(list, count, LIT("/var/lib/br-bin"), NULL);
    if (job_is_compaction(job))
        add_mount(list, count, LIT("/var/lib/kvctl-bin"), NULL);
    const struct text *secret = storage_secret_name(&job->storage);
    if (run->object->group == GROUP_BR && job->storage.used == STORAGE_GCS && secret && text_given(secret))
        add_mount(list, count, LIT("/gcs"), NULL);
    if (job->automount_token.state == FIELD_GIVEN && !job->automount_token.value)
        add_mount(list, count, LIT("/var/run/secrets/kubernetes.io/serviceaccount"), NULL);
    BUG_IF(*count > OWN_MOST);
}

static void report_clash(struct rule_run *run, const struct mount *first, const struct mount *later)
{
    if (findings_full(run->findings, &rule_pod_mount))
        return;
    struct finding *x = finding_at(run->findings, &rule_pod_mount, FIELD_INVALID, at_value(later->at),
                                   "%.*s: must be unique%s", FMT(node_value(run->arena, later->at)),
                                   first->at ? "" : ": the operator mounts a volume of its own there");
    if (first->at)
        finding_note(x, at_value(first->at), "the first mount at this path");
    finding_hint(x, "mount it elsewhere");
}

static size_t paths_in(const struct node *list)
{
    size_t n = 0;
    for (const struct node *m = node_first(list); m; m = node_next(m))
        n += value_is_text(node_get(m, LIT("mountPath")));
    return n;
}

static void check_unique(struct rule_run *run, const struct job_spec *job)
{
    const struct node *list = job->additional_volume_mounts.node;
    struct mount *mounts = ARENA_ARRAY(run->arena, struct mount, paths_in(list) + OWN_MOST + 1u);
    size_t count = 0;
    add_own(run, job, mounts, &count);
    const struct node *path = node_get(local_mount(job), LIT("mountPath"));
    if (value_is_text(path))
        add_mount(mounts, &count, path->text, path);
    for (const struct node *m = node_first(list); m; m = node_next(m)) {
        path = node_get(m, LIT("mountPath"));
        if (value_is_text(path))
            add_mount(mounts, &count, path->text, path);
    }
    qsort(mounts, count, sizeof *mounts, by_path);
    for (size_t i = 1, first = 0; i < count; i++) {
        if (!slice_eq(mounts[i].path, mounts[first].path))
            first = i;
        else
            report_clash(run, &mounts[first], &mounts[i]);
    }
}

static bool climbs(slice path)
{
    for (slice rest = path; rest.n;) {
        size_t slash = slice_find_char(rest, '/');
        slice part = slice_cut(rest, 0, slash == SLICE_NONE ? rest.n : slash);
        if (slice_eq(part, LIT("..")))
            return true;
        rest = slice_from(rest, slash == SLICE_NONE ? rest.n : slash + 1);
    }
    return false;
}

static void check_sub_path(struct rule_run *run, const struct node *path)
{
    if (!value_is_text(path) || !path->text.n)
        return;
    const char *why = path->text.p[0] == '/' ? "must be a relative path"
                      : climbs(path->text)   ? "must not contain '..'"
                                             : NULL;
    if (!why || findings_full(run->findings, &rule_pod_mount))
        return;
    struct finding *x = finding_at(run->findings, &rule_pod_mount, FIELD_INVALID, at_value(path), "%.*s: %s",
                                   FMT(node_value(run->arena, path)), why);
    finding_hint(x, "write the path from the root of the volume");
}

static void check_mount(struct rule_run *run, const struct node *m)
{
    static const slice propagations[] = {SLICE("None"), SLICE("HostToContainer")};
    const struct node *path = node_get(m, LIT("mountPath")),
                      *propagation = node_get(m, LIT("mountPropagation")), *sub = node_get(m, LIT("subPath")),
                      *sub_expr = node_get(m, LIT("subPathExpr"));
    if (value_is_text(path) && !path->text.n &&
        !slice_eq(m->key, LIT("volumeMount"))) /* there it is local-mount's */
        finding_hint(finding_at(run->findings, &rule_pod_mount, FIELD_REQUIRED, at_value(path), ""),
                     "write the path at which the containers see the volume");
    if (value_is_text(propagation) && propagation->text.n &&
        !slice_among(propagation->text, propagations, COUNT(propagations)))
        rule_unsupported(run, &rule_pod_mount, &(struct text){propagation, propagation->text, FIELD_GIVEN},
                         propagations, COUNT(propagations));
    check_sub_path(run, sub);
    check_sub_path(run, sub_expr);
    if (!value_is_text(sub) || !sub->text.n || !value_is_text(sub_expr) || !sub_expr->text.n)
        return;
    struct finding *x = finding_at(run->findings, &rule_pod_mount, FIELD_INVALID, at_value(sub_expr),
                                   "%.*s: subPathExpr and subPath are mutually exclusive",
                                   FMT(node_value(run->arena, sub_expr)));
    finding_hint(x, "remove one of them");
}

static void pod_mount(struct rule_run *run, const struct job_spec *job)
{
    check_unique(run, job);
    if (local_mount(job))
        check_mount(run, local_mount(job));
    for (const struct node *m = node_first(job->additional_volume_mounts.node); m; m = node_next(m))
        if (m->kind == NODE_OBJECT)
            check_mount(run, m);
}

void check_pod_mounts(struct rule_run *run, const struct job_spec *job)
{
    run_checks(run, job);
}
