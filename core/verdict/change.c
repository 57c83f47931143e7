/* Judging what the API server asks about: a creation, an update, a deletion. */
#include "judge.h"

#include "defaults.h"

/* An error that the old object has as well is not this update's doing: it becomes a warning. */
static void ratchet(struct verdict *v, const struct verdict *before)
{
    struct diagnostic *rows = v->diagnostics;
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        bool was_there = false;
        for (size_t k = 0; k < before->diagnostic_count && !was_there; k++)
            was_there = diagnostic_same(&rows[i], &before->diagnostics[k]);
        if (!was_there || rows[i].severity != SEVERITY_ERROR)
            continue;
        rows[i].severity = SEVERITY_WARNING;
        rows[i].ratcheted = true;
        v->errors--;
        v->warnings++;
    }
}

static struct verdict *verdict_new(struct arena *a, const struct object *o, const struct schema_kind *kind)
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

static struct verdict *close_object(struct judging *j, const struct object *object,
                                    const struct schema_kind *kind)
{
    struct verdict *v = verdict_new(j->arena, object, kind);
    struct suppressions in_object = overridable_only(j->gate, suppressions_in_annotations(j->arena, object));
    judge_close(j, &in_object, &(struct suppressions){0}, v);
    return v;
}

/* An update that leaves the spec alone is somebody's label, the operator's finalizer or, in pingcap.com, its
 * status. `spec-changed` of the chart's webhook configurations and of its policy says the same. */
static bool leaves_spec_alone(const struct change *change)
{
    const struct node *spec = node_get(change->object, LIT("spec"));
    const struct node *old = node_get(change->old_object, LIT("spec"));
    return change->context == CONTEXT_UPDATE && spec && old && node_equal(spec, old);
}

const struct verdict *verdict_change(const struct gate *g, struct arena *a, const struct change *change,
                                     bool defaults, int64_t now)
{
    struct findings found = judge_findings(g, a, change->context), before = found;
    struct judging j = {.gate = g,
                        .arena = a,
                        .findings = &found,
                        .scratch = regex_scratch_new(a),
                        .context = change->context,
                        .now = now};
    struct judging k = j;
    k.findings = &before;
    if (leaves_spec_alone(change))
        return verdict_new(a, judge_stored(&j, change->kind, change->object), change->kind);
    const struct object *old = change->old_object ? judge_stored(&k, change->kind, change->old_object) : NULL;
    const struct object *object = judge_object(&j, change->kind, change->object, old);
    struct verdict *v = close_object(&j, object, change->kind);
    if (old && v->errors)
        ratchet(v, close_object(&k, judge_object(&k, change->kind, change->old_object, NULL), change->kind));
    if (defaults)
        defaults_apply(a, g->policy.defaults, object, change->object, change->old_object);
    return v;
}
