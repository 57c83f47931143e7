/* Unknown fields: where they belong. Pruning says only that a field is unknown. */
#include "rule.h"

static const struct schema *schema_at(const struct schema *s, const struct node *n)
{
    if (!n->parent)
        return s;
    const struct schema *above = schema_at(s, n->parent);
    if (!above)
        return NULL;
    if (n->parent->kind == NODE_ARRAY)
        return above->items;
    const struct schema *found = schema_property(above, n->key);
    return found ? found : above->additional;
}

/* The kind of that name in the other group, or NULL. */
static const struct schema_kind *twin_of(const struct schema_kind *kind)
{
    for (size_t i = 0; i < schema_kind_count; i++)
        if (slice_eq(schema_kinds[i].kind, kind->kind) && !slice_eq(schema_kinds[i].group, kind->group))
            return &schema_kinds[i];
    return NULL;
}

static bool explain_other_group(struct findings *f, struct finding *x, const struct schema_kind *kind)
{
    const struct schema_kind *twin = twin_of(kind);
    const struct schema *there = twin ? schema_at(twin->schema, x->node->parent) : NULL;
    if (!there || !schema_property(there, x->node->key))
        return false;
    x->rule = RULE_wrong_group_field;
    x->message =
        arena_fmt(f->arena, "unknown field in %.*s: only %.*s has it, and the API server drops it here",
                  FMT(kind->group), FMT(twin->group));
    x->hint = slice_eq(x->node->key, LIT("compactSpan")) ? LIT("write compactInterval") : LIT("remove it");
    return true;
}

/* A line that lost its indentation: the block above it is empty. */
static bool explain_indentation(struct arena *a, struct findings *f, struct finding *x,
                                const struct schema *s)
{
    for (const struct node *c = x->node->parent->first; c; c = c->next) {
        const struct schema *below = schema_property(s, c->key);
        if (c->kind != NODE_NULL || !below || !schema_property(below, x->node->key))
            continue;
        x->note_node = c;
        x->note = arena_fmt(a, "%.*s is empty", FMT(c->key));
        finding_hint(f, x, "indent it: it belongs below %.*s", FMT(c->key));
        return true;
    }
    return false;
}

static bool explain_neighbour(struct arena *a, struct findings *f, struct finding *x, const struct schema *s)
{
    const struct node *parent = x->node->parent;
    for (const struct node *c = node_first(parent); c; c = node_next(c)) {
        const struct schema *below = c->kind == NODE_OBJECT ? schema_property(s, c->key) : NULL;
        if (below && schema_property(below, x->node->key)) {
            finding_hint(f, x, "it belongs to %.*s", FMT(node_path(a, c)));
            return true;
        }
    }
    return false;
}

static bool explain_above(struct arena *a, struct findings *f, struct finding *x,
                          const struct schema_kind *kind)
{
    for (const struct node *n = x->node->parent; n && n->parent; n = n->parent) {
        const struct schema *above = schema_at(kind->schema, n->parent);
        if (above && schema_property(above, x->node->key)) {
            slice path = node_path(a, n->parent);
            finding_hint(f, x, path.n ? "it belongs to %.*s" : "it belongs to the top level%.*s", FMT(path));
            return true;
        }
    }
    return false;
}

void rules_explain_unknown(struct arena *a, struct findings *f, const struct schema_kind *kind)
{
    for (struct finding *x = f->first; x; x = x->next) {
        if (x->rule != RULE_unknown_field || !x->node)
            continue;
        const struct schema *s = schema_at(kind->schema, x->node->parent);
        if (!s || explain_other_group(f, x, kind) || explain_indentation(a, f, x, s) || x->hint.n)
            continue;
        if (!explain_neighbour(a, f, x, s))
            explain_above(a, f, x, kind);
    }
}
