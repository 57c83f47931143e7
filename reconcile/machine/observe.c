/* Collects what a plan sees of the cluster. */
#include "turn.h"

#include "brgate_limits.h"
#include "operator.h"
#include "tree.h"

/* ---- the gate ---- */

/* An object at work continues even if a rule has become stricter. */
static bool has_begun(const struct turn *t)
{
    const struct node *status = node_get(t->root, LIT("status"));
    slice state =
        kind_resource(t->item->kind) == KIND_BACKUP ? tree_text(status, "phase") : tree_text(status, "state");
    return (state.n && !slice_eq(state, LIT("Invalid"))) || node_at(t->root, "metadata.deletionTimestamp");
}

static void deny(struct turn *t, const struct verdict *v)
{
    struct buf b = buf_new(t->m->work, LIMIT_MESSAGE_BYTES);
    const struct rule *rule = NULL;
    bool several = false;
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        const struct diagnostic *d = &v->diagnostics[i];
        if (d->severity != SEVERITY_ERROR)
            continue;
        buf_fmt(&b, "%s%.*s%s%.*s [%s]", b.n ? "; " : "", FMT(d->path), d->path.n ? ": " : "",
                FMT(d->message), d->rule->slug);
        several = several || (rule && rule != d->rule);
        rule = d->rule;
    }
    t->denial = buf_slice(&b);
    t->denied_by = several || !rule ? "RULE" : rule->slug;
}

void turn_judge(struct turn *t)
{
    struct arena *a = t->m->work;
    enum kind_number k = t->item->kind;
    const struct schema_kind *kind =
        gate_kind(t->m->settings.gate, slice_of(kinds[k].group_version), slice_of(kinds[k].name));
    if (!kind || has_begun(t)) {
        t->resource = resource_decode(a, kind_group(k), kind_resource(k), t->root);
        return;
    }
    struct change creation = {.context = CONTEXT_CREATE, .kind = kind, .object = t->root};
    const struct verdict *v = verdict_change(t->m->settings.gate, a, &creation, false, t->m->now.wall);
    t->resource = v->object;
    if (v->errors)
        deny(t, v);
}

/* ---- objects ---- */

static struct node *read_in_turn(struct turn *t, slice json)
{
    struct findings ignored = findings_new(t->m->work);
    return json_read(t->m->work, json, &ignored);
}

static void see(struct turn *t, struct node *root)
{
    if (!root)
        return;
    if (t->seen.count == t->capacity)
        t->items = arena_grow(t->m->work, t->items, t->seen.count, &t->capacity, sizeof *t->items);
    t->items[t->seen.count++] = root;
}

static void see_object(struct turn *t, const struct object *o)
{
    if (o && o != t->object)
        see(t, read_in_turn(t, object_json(o)));
}

static void see_named(struct turn *t, enum kind_number k, slice namespace, slice name)
{
    see_object(t, cache_find(&t->m->cache, k, namespace, name));
}

static void see_owned(struct turn *t, uint64_t key)
{
    for (struct link *l = index_first(&t->m->cache.by_owner, key); l; l = index_next(l))
        see_object(t, LINKED(l, struct object, by_owner));
}

uint64_t turn_cluster(const struct turn *t)
{
    enum kind_number backups = kind_group(t->item->kind) == GROUP_BR ? K_BR_BACKUP : K_PINGCAP_BACKUP;
    const struct node *br = t->resource->schedule->backup_template.job.br.node;
    return cluster_key(backups, item_namespace(t->item), br);
}

/* Adds those that may hold back the schedule's runs. The plan already sees the schedule's own children; twice does no
 * harm. */
static void see_running(struct turn *t)
{
    uint64_t key = turn_cluster(t);
    slice uid = object_uid(t->object);
    for (struct link *l = index_first(&t->m->cache.by_cluster, key); l; l = index_next(l)) {
        struct object *o = LINKED(l, struct object, by_cluster);
        struct node *root = read_in_turn(t, object_json(o));
        if (root && !slice_eq(plan_controller_uid(root), uid))
            see(t, root);
    }
}

static const struct br *br_of(const struct resource *o)
{
    return o->kind == KIND_COMPACT_BACKUP ? &o->compact->job.br : &o->backup->job.br;
}

static void see_cluster(struct turn *t)
{
    const struct br *br = br_of(t->resource);
    slice own = item_namespace(t->item), other = br_cluster_namespace(br, own), name = br->cluster.value;
    if (kind_group(t->item->kind) == GROUP_PINGCAP) {
        see_named(t, K_TIDB_CLUSTER, other, name);
    } else {
        see_named(t, K_CLUSTER, own, name);
        if (!slice_eq(own, other))
            see_named(t, K_CLUSTER, other, name);
        see_owned(t, groups_key(own, name));
    }
    slice only = t->m->settings.namespace;
    if (only.n && !slice_eq(only, other))
        t->seen.unknown |= UNKNOWN_CLUSTER;
}

/* In pingcap.com a Backup names the Secret with the database's password too. */
size_t turn_secret_names(const struct resource *o, slice ret[MOST_SECRETS])
{
    size_t count = 0;
    if (o->kind == KIND_BACKUP_SCHEDULE)
        return 0;
    const struct job_spec *job = o->kind == KIND_BACKUP ? &o->backup->job : &o->compact->job;
    const struct text *storage = storage_secret_name(&job->storage);
    bool has_password = o->kind == KIND_BACKUP && o->group == GROUP_PINGCAP;
    if (storage && text_given(storage))
        ret[count++] = storage->value;
    slice password = has_password ? o->backup->from_secret_name.value : (slice){0};
    if (password.n && !(count && slice_eq(password, ret[0])))
        ret[count++] = password;
    return count;
}

const struct seen_secret *turn_secret(const struct item *i, slice name)
{
    for (size_t n = 0; i->memory && n < MOST_SECRETS; n++)
        if (i->memory->secrets[n].at && slice_eq(i->memory->secrets[n].name, name))
            return &i->memory->secrets[n];
    return NULL;
}

static void see_secrets(struct turn *t)
{
    slice names[MOST_SECRETS];
    size_t count = turn_secret_names(t->resource, names);
    for (size_t i = 0; i < count; i++) {
        const struct seen_secret *s = turn_secret(t->item, names[i]);
        if (!s || s->hidden)
            t->seen.unknown |= UNKNOWN_SECRETS;
        else if (s->json.n)
            see(t, read_in_turn(t, s->json));
    }
}

static void see_remembered(struct turn *t)
{
    enum { TASK_MS = 30000 }; /* an answer is good for the turns that follow it */
    const struct memory *r = t->item->memory;
    see_secrets(t);
    if (!r)
        return;
    if (r->task_at && t->m->now.ms - r->task_at < TASK_MS)
        t->seen.task = r->task;
    if (r->refused_name.n && t->m->now.ms < r->refused_until)
        t->seen.refused =
            (struct refused){r->refused_kind, r->refused_name, r->refused_message, r->refused_terminating};
    if (r->beside_name.n)
        see_named(t, r->beside_kind, item_namespace(t->item), r->beside_name);
}

void turn_observe(struct turn *t)
{
    const struct machine *m = t->m;
    slice namespace = item_namespace(t->item), name = item_name(t->item);
    for (unsigned k = 0; k < K_WATCHED; k++)
        if (m->informers[k].unlisted == UNLISTED_FORBIDDEN && kinds[k].needed_by >> t->item->kind & 1)
            t->seen.unknown |= kinds[k].unknown;
    see_owned(t, owner_key(object_uid(t->object)));
    if (t->resource->kind == KIND_BACKUP_SCHEDULE) {
        see_running(t);
    } else {
        see_owned(t, pods_key(t->item->kind, namespace, name));
        see_cluster(t);
    }
    see_remembered(t);
    t->seen.items = t->items;
    t->seen.heads = plan_heads(m->work, t->items, t->seen.count); /* for the plan and for the lag */
}
