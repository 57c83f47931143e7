/* Volumes of the job's pods: local storage, and what the operator adds itself. */
#include "rule_storage.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* ---- local -----------------------------------------------------------------------------------------------
 */

static void local_mount(struct rule_run *run, const struct local *l)
{
    if (text_given(&l->volume_name) && text_given(&l->mount_name) &&
        !slice_eq(l->volume_name.value, l->mount_name.value)) {
        struct finding *x = FOUND(run, local_mount, FIELD_INVALID, &l->mount_name,
                                  "%.*s: it has to be the name of the volume",
                                  FMT(node_value(run->arena, l->mount_name.node)));
        x->note_node = l->volume_name.node;
        x->note = arena_fmt(run->arena, "the volume is called %.*s", FMT(l->volume_name.value));
        x->suggested = l->volume_name.value;
        finding_hint(run->findings, x, "write %.*s", FMT(l->volume_name.value));
    }
    const struct text *path = &l->mount_path;
    if (path->state != FIELD_GIVEN)
        return;
    size_t colon = slice_find_char(path->value, ':');
    if (!path->value.n) {
        struct finding *x = FOUND(run, local_mount, FIELD_REQUIRED, path, "%s", "");
        finding_hint(run->findings, x, "write the path at which TiKV has the volume too");
    } else if (colon != SLICE_NONE) {
        struct finding *x = FOUND(run, local_mount, FIELD_INVALID, path, "%.*s: must not contain ':'",
                                  FMT(node_value(run->arena, path->node)));
        x->from = (uint32_t)colon;
        x->to = (uint32_t)colon + 1;
        finding_hint(run->findings, x, "write the path alone");
    }
}

/* The folder itself, or one below it. */
static bool stands_in(slice path, slice folder)
{
    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    return slice_starts(path, folder) && (path.n == folder.n || path.p[folder.n] == '/');
}

static void local_mount_place(struct rule_run *run, const struct local *l)
{
    static const slice taken[] = {SLICE("/var/lib/br-bin"), SLICE("/var/lib/cluster-client-tls"),
                                  SLICE("/var/lib/tikv-tls"), SLICE("/gcs")};
    const struct text *path = &l->mount_path;
    if (!text_given(path))
        return;
    bool hides = slice_eq(path->value, LIT("/"));
    for (size_t i = 0; i < COUNT(taken) && !hides; i++)
        hides = stands_in(path->value, taken[i]);
    if (!hides)
        return;
    struct finding *x = finding_say(run->findings, RULE_local_mount_place, path->node,
                                    "%.*s hides files that the job's pod needs there",
                                    FMT(node_value(run->arena, path->node)));
    finding_hint(run->findings, x, "mount it elsewhere, such as /backup");
}

static void local_tikv(struct rule_run *run, const struct local *l)
{
    struct finding *x =
        text_given(&l->mount_path)
            ? finding_say(run->findings, RULE_local_tikv, l->node,
                          "the data is written by TiKV: every TiKV pod needs this volume at %.*s too",
                          FMT(l->mount_path.value))
            : finding_say(run->findings, RULE_local_tikv, l->node,
                          "the data is written by TiKV: every TiKV pod needs this volume at the same path");
    x->at_key = true;
    finding_hint(run->findings, x, "add it to the volumes of TiKV in the cluster's own manifest");
}

/* ---- names -----------------------------------------------------------------------------------------------
 */

struct built_in {
    slice name;
    const char *holds;
};

/* What the operator mounts into the pod, as far as this object can have it. */
static size_t built_ins(const struct rule_run *run, const struct job_spec *job, const struct node *spec,
                        struct built_in *ret)
{
    size_t n = 0;
    if (spec_is_compaction(run, spec))
        ret[n++] = (struct built_in){LIT("tool-bin"), "the tools"};
    else if (!spec_is_dumpling(run, spec))
        ret[n++] = (struct built_in){LIT("br-bin"), "BR"};
    ret[n++] = (struct built_in){LIT("cluster-client-tls"), "the cluster's certificates"};
    if (job->storage.used == STORAGE_GCS && run->object->group == GROUP_BR)
        ret[n++] = (struct built_in){LIT("credentials"), "the credentials of gcs"};
    return n;
}

static bool name_of(const struct node *item, slice *ret)
{
    const struct node *n = node_get(item, LIT("name"));
    if (!n || n->kind != NODE_STRING || (n->flags & (NODE_BAD | NODE_PLACEHOLDER)) || !n->text.n)
        return false;
    *ret = n->text;
    return true;
}

/* Reports `volume` if the operator or a volume before it has the name. `before` ends the search. */
static void judge_name(struct rule_run *run, const struct job_spec *job, const struct node *volume,
                       const struct built_in *own, size_t own_count)
{
    slice name, other;
    if (!name_of(volume, &name))
        return;
    const struct node *at = node_get(volume, LIT("name"));
    for (size_t i = 0; i < own_count; i++) {
        if (!slice_eq(name, own[i].name))
            continue;
        struct finding *x = finding_add(run->findings, RULE_volume_name_clash, FIELD_DUPLICATE, at,
                                        "%.*s: the operator's own volume for %s has this name",
                                        FMT(node_value(run->arena, at)), own[i].holds);
        finding_hint(run->findings, x, "give it another name, here and in its mount");
        return;
    }
    const struct node *local = job->storage.used == STORAGE_LOCAL ? job->storage.local.volume.node : NULL;
    const struct node *first = NULL;
    if (local && local != volume && name_of(local, &other) && slice_eq(name, other))
        first = local;
    for (const struct node *v = node_first(job->additional_volumes.node); v && v != volume && volume != local;
         v = node_next(v))
        if (!first && name_of(v, &other) && slice_eq(name, other))
            first = v;
    if (!first)
        return;
    struct finding *x = finding_add(run->findings, RULE_volume_name_clash, FIELD_DUPLICATE, at, "%.*s",
                                    FMT(node_value(run->arena, at)));
    x->note_node = node_get(first, LIT("name"));
    x->note = LIT("the first volume of this name");
    finding_hint(run->findings, x, "give it another name, here and in its mount");
}

static bool is_volume(const struct job_spec *job, slice name, const struct built_in *own, size_t own_count)
{
    slice other;
    for (size_t i = 0; i < own_count; i++)
        if (slice_eq(name, own[i].name))
            return true;
    if (job->storage.used == STORAGE_LOCAL && name_of(job->storage.local.volume.node, &other) &&
        slice_eq(name, other))
        return true;
    for (const struct node *v = node_first(job->additional_volumes.node); v; v = node_next(v))
        if (!name_of(v, &other) ? node_get(v, LIT("name")) != NULL : slice_eq(name, other))
            return true; /* a volume whose name cannot be read may be the one */
    return false;
}

static void judge_mounts(struct rule_run *run, const struct job_spec *job, const struct built_in *own,
                         size_t own_count)
{
    for (const struct node *m = node_first(job->additional_volume_mounts.node); m; m = node_next(m)) {
        slice name;
        if (!name_of(m, &name) || is_volume(job, name, own, own_count))
            continue;
        const struct node *at = node_get(m, LIT("name"));
        struct finding *x = finding_add(run->findings, RULE_volume_name_clash, FIELD_INVALID, at,
                                        "%.*s: no volume has this name", FMT(node_value(run->arena, at)));
        finding_hint(run->findings, x, "add the volume to additionalVolumes, or remove the mount");
    }
}

static void volume_name_clash(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    if (job->additional_volumes.state == FIELD_UNUSABLE || job->additional_volumes.state == FIELD_PLACEHOLDER)
        return;
    struct built_in own[3];
    size_t own_count = built_ins(run, job, spec, own);
    if (job->storage.used == STORAGE_LOCAL)
        judge_name(run, job, job->storage.local.volume.node, own, own_count);
    for (const struct node *v = node_first(job->additional_volumes.node); v; v = node_next(v))
        judge_name(run, job, v, own, own_count);
    judge_mounts(run, job, own, own_count);
}

void judge_volumes(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    if (job->storage.used == STORAGE_LOCAL) {
        local_mount(run, &job->storage.local);
        local_mount_place(run, &job->storage.local);
        local_tikv(run, &job->storage.local);
    }
    volume_name_clash(run, job, spec);
}
