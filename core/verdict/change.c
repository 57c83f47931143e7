/* Judges a change for the API server: a creation, an update, a deletion. */
#include "judge.h"

#include "ratchet.h"

static struct verdict *verdict_new(struct arena *a, const struct resource *o, const struct schema_kind *kind)
{
    struct verdict *v = ARENA_NEW(a, struct verdict);
    v->object = o;
    v->root = o->root;
    v->api_version = kind->api_version;
    v->kind = kind->kind;
    v->namespace = o->metadata.namespace.value;
    v->name = o->metadata.name.value.n ? o->metadata.name.value : o->metadata.generate_name.value;
    return v;
}

/* Annotations count on the server only for the rules that the policy names. */
static struct suppressions overridable_only(const struct gate *g, struct suppressions all)
{
    for (size_t i = 0; i < all.count; i++)
        all.items[i].known =
            all.items[i].known && g->policy.overridable[rule_level_of(&g->levels, all.items[i].rule)->number];
    return all;
}

static struct verdict *close_object(struct evaluation *j, const struct resource *object,
                                    const struct schema_kind *kind)
{
    struct verdict *v = verdict_new(j->arena, object, kind);
    struct suppressions in_object = overridable_only(j->gate, suppressions_in_annotations(j->arena, object));
    judge_close(j, &in_object, &(struct suppressions){0}, v);
    return v;
}

/* Judges one of the objects with which an update's errors are compared. */
static struct verdict *judge_other(struct evaluation j, const struct schema_kind *kind, struct node *root)
{
    struct findings found = judge_findings(j.gate, j.arena, j.context);
    j.findings = &found;
    struct verdict *v = verdict_new(j.arena, judge_object(&j, kind, root, NULL), kind);
    ratchet_forget_touched(&found);
    judge_close(&j, &(struct suppressions){0}, &(struct suppressions){0}, v);
    return v;
}

/* Changes the old object. The values that the update leaves alone stay equal in both. Usually the old object has none of the
 * errors, and there is nothing to decide. */
static void tell_old_errors(const struct evaluation *j, const struct change *change, struct verdict *v)
{
    struct node *old = change->old_object;
    ratchet_align(j->arena, change->kind->schema, old, change->object);
    if (!ratchet_narrow(v, judge_other(*j, change->kind, old), true))
        return;
    const struct one_sided *members = ratchet_reduce(j->arena, old, change->object);
    if (ratchet_narrow(v, judge_other(*j, change->kind, old), false) && members) {
        ratchet_fill(j->arena, members);
        ratchet_narrow(v, judge_other(*j, change->kind, old), false);
    }
    ratchet_close(v);
}

/* An update that leaves the spec alone is a user's label, the operator's finalizer or, in pingcap.com, its status: it
 * is not judged, unless it takes from a status what the operator only ever adds. The condition in the chart's webhook
 * configurations and in its policy says the same. */
static bool changes_nothing_judged(const struct change *change)
{
    const struct node *spec = node_get(change->object, LIT("spec"));
    const struct node *old = node_get(change->old_object, LIT("spec"));
    bool may_lose_status =
        slice_eq(change->kind->group, LIT("pingcap.com")) && slice_eq(change->kind->kind, LIT("Backup"));
    return change->context == CONTEXT_UPDATE && spec && old && node_equal(spec, old) &&
           !(may_lose_status && rules_lost_status(change->object, change->old_object));
}

static bool is_in(const struct finding *x, const void *object)
{
    const struct node *n = x->place.node;
    while (n && n->parent)
        n = n->parent;
    return n == object;
}

const struct verdict *verdict_change(const struct gate *g, struct arena *a, const struct change *change,
                                     bool defaults, int64_t now)
{
    struct findings found = judge_findings(g, a, change->context);
    struct evaluation j = {.gate = g,
                           .arena = a,
                           .findings = &found,
                           .scratch = regex_scratch_new(a),
                           .context = change->context,
                           .now = now};
    if (!change->always && changes_nothing_judged(change))
        return verdict_new(a, judge_stored(&j, change->kind, change->object), change->kind);
    if (change->readings)
        findings_move(&found, change->readings, is_in, change->object);
    const struct resource *old =
        change->old_object ? judge_stored(&j, change->kind, change->old_object) : NULL;
    const struct resource *object = judge_object(&j, change->kind, change->object, old);
    struct verdict *v = close_object(&j, object, change->kind);
    if (old && v->errors)
        tell_old_errors(&j, change, v);
    judge_limit(v);
    if (defaults)
        judge_default(g, a, object, change->object, change->old_object);
    return v;
}
