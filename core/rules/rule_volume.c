/* Volumes of the job's pods: local storage, and what the operator adds itself. */
#include "checks.h"

#include "bug.h"

#include <stdlib.h>

extern const struct rule rule_pod_mount; /* rule_mount.def */

#define SUBJECT struct job_spec
#define RULES   "rule_volume.def"
#include "rule_table.h"

/* ---- local ---- */

static void local_mount(struct rule_run *run, const struct job_spec *job)
{
    const struct local *l = &job->storage.local;
    if (job->storage.used != STORAGE_LOCAL)
        return;
    if (text_given(&l->volume_name) && text_given(&l->mount_name) &&
        !slice_eq(l->volume_name.value, l->mount_name.value)) {
        struct finding *x = finding_at(run->findings, &rule_local_mount, FIELD_INVALID,
                                       at_value(l->mount_name.node), "%.*s: must be the name of the volume",
                                       FMT(node_value(run->arena, l->mount_name.node)));
        finding_note(x, at_key(l->volume_name.node), "the volume is named %.*s", FMT(l->volume_name.value));
        finding_edit(x, at_value(l->mount_name.node), l->volume_name.value);
        finding_hint(x, "write %.*s", FMT(l->volume_name.value));
    }
    const struct text *path = &l->mount_path;
    if (path->state != FIELD_GIVEN)
        return;
    size_t colon = slice_find_char(path->value, ':');
    if (!path->value.n) {
        struct finding *x =
            finding_at(run->findings, &rule_local_mount, FIELD_REQUIRED, at_value(path->node), "");
        finding_hint(x, "write the path at which TiKV also mounts the volume");
    } else if (colon != SLICE_NONE) {
        struct finding *x =
            finding_at(run->findings, &rule_local_mount, FIELD_INVALID, at_part(path->node, colon, colon + 1),
                       "%.*s: must not contain ':'", FMT(node_value(run->arena, path->node)));
        finding_hint(x, "write only the path");
    }
}

/* The folder itself, or one below it. */
static bool stands_in(slice path, slice folder)
{
    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    return slice_starts(path, folder) && (path.n == folder.n || path.p[folder.n] == '/');
}

static void local_mount_place(struct rule_run *run, const struct job_spec *job)
{
    const struct local *l = &job->storage.local;
    static const slice taken[] = {SLICE("/var/lib/br-bin"), SLICE("/var/lib/cluster-client-tls"),
                                  SLICE("/var/lib/tikv-tls"), SLICE("/gcs")};
    const struct text *path = &l->mount_path;
    if (job->storage.used != STORAGE_LOCAL || !text_given(path))
        return;
    bool hides = slice_eq(path->value, LIT("/"));
    for (size_t i = 0; i < COUNT(taken) && !hides; i++)
        hides = stands_in(path->value, taken[i]);
    if (!hides)
        return;
    struct finding *x = finding_at(run->findings, &rule_local_mount_place, FIELD_NONE, at_value(path->node),
                                   "%.*s hides files that the Job's pod needs there",
                                   FMT(node_value(run->arena, path->node)));
    finding_hint(x, "mount it elsewhere, such as /backup");
}

static void local_tikv(struct rule_run *run, const struct job_spec *job)
{
    const struct local *l = &job->storage.local;
    if (job->storage.used != STORAGE_LOCAL)
        return;
    bool known = text_given(&l->mount_path);
    struct finding *x =
        finding_at(run->findings, &rule_local_tikv, FIELD_NONE, at_key(l->node),
                   "the data is written by TiKV: every TiKV pod needs this volume at %.*s%s",
                   FMT(known ? l->mount_path.value : LIT("the same path")), known ? " too" : "");
    finding_hint(x, "add it to TiKV's volumes in the cluster's manifest");
}

/* ---- names ---- */

enum { OWN_MOST = 4 };

struct volume {
    slice name;
    const struct node *node;
    size_t at; /* its place in the list */
};

/* The volumes that a mount may name. */
struct volumes {
    struct {
        slice name;
        const char *holds;
    } own[OWN_MOST]; /* what the operator mounts into the pod, as far as this object can have it */
    size_t own_count;
    struct volume local;    /* node: NULL without local storage or without a name */
    struct volume *by_name; /* of additionalVolumes, sorted by name, then by position */
    size_t count;
    bool some_unreadable; /* there are names that cannot be read: each may be the one that is looked for */
};

static void own_volume(struct volumes *v, slice name, const char *holds)
{
    BUG_IF(v->own_count == OWN_MOST);
    v->own[v->own_count].name = name;
    v->own[v->own_count++].holds = holds;
}

static bool mode_is_log(const struct node *spec)
{
    const struct node *mode = node_get(spec, LIT("backupMode"));
    return mode && mode->kind == NODE_STRING && slice_eq(mode->text, LIT("log"));
}

/* The two operators use different names, and v1 calls the certificates by other names than v2.
 * [operator v1: makeExportJob(), makeBRBackupJob(), makeCompactJob(); v2: backup_manager.go, names.go] */
static void own_volumes_v1(struct volumes *v, const struct rule_run *run, const struct job_spec *job)
{
    const struct node *automount = node_get(job->node, LIT("automountServiceAccountToken"));
    if (job_is_dumpling(run, job)) {
        own_volume(v, LIT("backup"), "the dump");
        own_volume(v, LIT("dumpling-bin"), "Dumpling");
    } else if (!job_is_compaction(job)) {
        own_volume(v, LIT("br-bin"), "BR");
        own_volume(v, LIT("cluster-client-tls"), "the cluster's certificates");
    }
    if (node_get(job->node, LIT("from")))
        own_volume(v, LIT("tidb-client-tls"), "the certificates for TiDB");
    if (automount && automount->kind == NODE_BOOL && !automount->boolean)
        own_volume(v, LIT("kube-api-access"), "the token of the service account");
}

static void own_volumes_v2(struct volumes *v, const struct job_spec *job)
{
    if (job_is_compaction(job))
        return;
    own_volume(v, LIT("br-bin"), "BR");
    own_volume(v, LIT("ti-cluster-client-tls"), "the cluster's certificates");
    if (mode_is_log(job->node))
        own_volume(v, LIT("ti-tls"), "the cluster's certificates while it stops the log backup");
    if (job->storage.used == STORAGE_GCS)
        own_volume(v, LIT("credentials"), "the credentials of gcs");
}

static bool name_of(const struct node *item, slice *ret)
{
    const struct node *n = node_get(item, LIT("name"));
    if (!n || n->kind != NODE_STRING || (n->flags & (NODE_BAD | NODE_PLACEHOLDER)) || !n->text.n)
        return false;
    *ret = n->text;
    return true;
}

static int by_name(const void *p, const void *q)
{
    const struct volume *a = p, *b = q;
    int order = slice_cmp(a->name, b->name);
    return order ? order : (a->at > b->at) - (a->at < b->at);
}

static struct volumes volumes_of(const struct rule_run *run, const struct job_spec *job)
{
    struct volumes v = {0};
    slice name;
    if (job_is_compaction(job))
        own_volume(&v, LIT("tool-bin"), "the tools");
    if (run->object->group == GROUP_PINGCAP)
        own_volumes_v1(&v, run, job);
    else
        own_volumes_v2(&v, job);
    if (job->storage.used == STORAGE_LOCAL && name_of(job->storage.local.volume.node, &name))
        v.local = (struct volume){.name = name, .node = job->storage.local.volume.node};
    const struct node *list = job->additional_volumes.node;
    if (!list)
        return v;
    size_t named = 0;
    for (const struct node *n = node_first(list); n; n = node_next(n))
        named += name_of(n, &name);
    v.by_name = ARENA_ARRAY(run->arena, struct volume, named + 1);
    for (const struct node *n = node_first(list); n; n = node_next(n)) {
        if (name_of(n, &name)) {
            v.by_name[v.count] = (struct volume){name, n, v.count};
            v.count++;
        } else {
            v.some_unreadable = v.some_unreadable || node_get(n, LIT("name"));
        }
    }
    qsort(v.by_name, v.count, sizeof *v.by_name, by_name);
    return v;
}

/* The first of additionalVolumes that has the name; NULL when none has. */
static const struct node *first_named(const struct volumes *v, slice name)
{
    size_t low = 0, high = v->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slice_cmp(v->by_name[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < v->count && slice_eq(v->by_name[low].name, name) ? v->by_name[low].node : NULL;
}

/* Reports `volume` if the operator or a volume before it has the name. */
static void check_name(struct rule_run *run, const struct volumes *v, const struct node *volume)
{
    slice name;
    if (!name_of(volume, &name))
        return;
    const struct node *at = node_get(volume, LIT("name"));
    for (size_t i = 0; i < v->own_count; i++) {
        if (!slice_eq(name, v->own[i].name))
            continue;
        struct finding *x = finding_at(run->findings, &rule_volume_name_clash, FIELD_DUPLICATE, at_value(at),
                                       "%.*s: the operator's own volume for %s has this name",
                                       FMT(node_value(run->arena, at)), v->own[i].holds);
        finding_hint(x, "give it another name, here and in its mount");
        return;
    }
    if (volume == v->local.node)
        return;
    const struct node *first =
        v->local.node && slice_eq(name, v->local.name) ? v->local.node : first_named(v, name);
    if (first == volume || findings_full(run->findings, &rule_volume_name_clash))
        return;
    struct finding *x = finding_at(run->findings, &rule_volume_name_clash, FIELD_DUPLICATE, at_value(at),
                                   "%.*s", FMT(node_value(run->arena, at)));
    finding_note(x, at_key(node_get(first, LIT("name"))), "the first volume of this name");
    finding_hint(x, "give it another name, here and in its mount");
}

static bool is_volume(const struct volumes *v, slice name)
{
    for (size_t i = 0; i < v->own_count; i++)
        if (slice_eq(name, v->own[i].name))
            return true;
    return v->some_unreadable || (v->local.node && slice_eq(name, v->local.name)) || first_named(v, name);
}

static void check_mounts(struct rule_run *run, const struct job_spec *job, const struct volumes *v)
{
    for (const struct node *m = node_first(job->additional_volume_mounts.node); m; m = node_next(m)) {
        slice name;
        if (!name_of(m, &name) || is_volume(v, name) || findings_full(run->findings, &rule_volume_name_clash))
            continue;
        const struct node *at = node_get(m, LIT("name"));
        struct finding *x = finding_at(run->findings, &rule_volume_name_clash, FIELD_INVALID, at_value(at),
                                       "%.*s: no volume has this name", FMT(node_value(run->arena, at)));
        finding_hint(x, "add the volume to additionalVolumes, or remove the mount");
    }
}

static bool names_volumes(const struct job_spec *job)
{
    return job->storage.local.node || job->additional_volumes.node || job->additional_volume_mounts.node;
}

static void volume_name_clash(struct rule_run *run, const struct job_spec *job)
{
    if (!names_volumes(job))
        return;
    if (job->additional_volumes.state == FIELD_UNUSABLE || job->additional_volumes.state == FIELD_PLACEHOLDER)
        return;
    struct volumes v = volumes_of(run, job);
    if (v.local.node)
        check_name(run, &v, v.local.node);
    for (const struct node *n = node_first(job->additional_volumes.node); n; n = node_next(n))
        check_name(run, &v, n);
    check_mounts(run, job, &v);
}

void check_volumes(struct rule_run *run, const struct job_spec *job)
{
    run_checks(run, job);
}
