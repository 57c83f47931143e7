/* The list of actions that grows while a plan is made, and what goes into many of its objects. */
#include "planning.h"

#include "civil.h"

#include <stdarg.h>
#include <stdio.h>

void plan_act(struct planning *p, enum plan_verb verb, const struct node *object, slice why)
{
    struct plan_action *x = ARENA_NEW(p->arena, struct plan_action);
    *x = (struct plan_action){.verb = verb, .object = object, .why = why};
    if (p->last)
        p->last->next = x;
    else
        p->result.first = x;
    p->last = x;
    p->result.count++;
}

void plan_look_again(struct planning *p, int64_t at)
{
    if (at && (!p->result.again || at < p->result.again))
        p->result.again = at;
}

void plan_wait(struct planning *p, int64_t again, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    p->result.why = arena_vfmt(p->arena, format, args);
    va_end(args);
    plan_look_again(p, again);
}

slice plan_name(const struct planning *p)
{
    return p->object->metadata.name.value;
}

slice plan_namespace(const struct planning *p)
{
    return p->object->metadata.namespace.value;
}

bool plan_v2(const struct planning *p)
{
    return p->object->group == GROUP_BR;
}

slice plan_time(const struct planning *p, int64_t at)
{
    struct buf b = buf_new(p->arena, SIZE_MAX);
    civil_put(&b, at);
    return buf_slice(&b);
}

static slice api_version(const struct resource *o)
{
    return o->group == GROUP_BR ? LIT("br.pingcap.com/v1alpha1") : LIT("pingcap.com/v1alpha1");
}

static slice kind_name(const struct resource *o)
{
    static const slice names[] = {[KIND_BACKUP] = SLICE("Backup"),
                                  [KIND_BACKUP_SCHEDULE] = SLICE("BackupSchedule"),
                                  [KIND_COMPACT_BACKUP] = SLICE("CompactBackup")};
    return names[o->kind];
}

struct node *plan_patch(struct planning *p)
{
    struct node *patch = tree_object(p->arena);
    tree_put_text(p->arena, patch, "apiVersion", api_version(p->object));
    tree_put_text(p->arena, patch, "kind", kind_name(p->object));
    struct node *metadata = tree_put_object(p->arena, patch, "metadata");
    tree_put_text(p->arena, metadata, "name", plan_name(p));
    tree_put_text(p->arena, metadata, "namespace", plan_namespace(p));
    tree_put_text(p->arena, metadata, "resourceVersion",
                  tree_text(p->object->metadata.node, "resourceVersion"));
    return patch;
}

void put_owner(struct arena *a, struct node *metadata, const struct resource *owner)
{
    struct node *o = tree_put_object(a, tree_put_array(a, metadata, "ownerReferences"), NULL);
    tree_put_text(a, o, "apiVersion", api_version(owner));
    tree_put_text(a, o, "kind", kind_name(owner));
    tree_put_text(a, o, "name", owner->metadata.name.value);
    tree_put_text(a, o, "uid", tree_text(owner->metadata.node, "uid"));
    tree_put_bool(a, o, "controller", true);
    tree_put_bool(a, o, "blockOwnerDeletion", true);
}

void put_missing(struct arena *a, struct node *into, const struct node *extra)
{
    for (const struct node *n = node_first(extra); n; n = node_next(n))
        if (!node_get(into, n->key))
            node_append(into, node_copy(a, n, 0));
}

bool plan_refused(struct planning *p, const char *kind, slice name)
{
    const struct refused *r = &p->seen->refused;
    if (!slice_eq(r->name, name) || !slice_eq(r->kind, slice_of(kind)))
        return false;
    plan_wait(p, p->now + LOOK_AGAIN_SECONDS, "%s %.*s is refused: %.*s", kind, FMT(name), FMT(r->message));
    return true;
}
