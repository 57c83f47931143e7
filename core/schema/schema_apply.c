/* Pruning, null removal and defaulting, in the API server's order and with its rules.
 * [apiextensions-apiserver: pkg/apiserver/schema/pruning, defaulting] */
#include "schema.h"

#include "schema_rules.h"
#include "suggest.h"

static bool implied_at_root(const struct schema *s, slice key)
{
    return (s->flags & (SCHEMA_ROOT | SCHEMA_EMBEDDED)) &&
           (slice_eq(key, LIT("apiVersion")) || slice_eq(key, LIT("kind")) || slice_eq(key, LIT("metadata")));
}

bool schema_could_take(const struct schema *s, const struct node *n)
{
    bool wants_block = s->type == SCHEMA_OBJECT, wants_list = s->type == SCHEMA_ARRAY;
    switch (n->kind) {
    case NODE_OBJECT:
        return wants_block || s->type == SCHEMA_ANY;
    case NODE_ARRAY:
        return wants_list || s->type == SCHEMA_ANY;
    case NODE_BOOL:
        return s->type == SCHEMA_BOOLEAN || s->type == SCHEMA_ANY;
    case NODE_NULL:
        return true;
    default: /* quotes make a string of a number, and a number of a string */
        return !wants_block && !wants_list;
    }
}

static void report_unknown(struct schema_run *run, const struct schema *s, struct node *n)
{
    if (findings_full(run->findings, &rule_unknown_field))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_unknown_field, FIELD_NONE, at_key(n), "unknown field");
    slice *names = ARENA_ARRAY(run->arena, slice, s->property_count + 1u);
    size_t count = 0;
    for (size_t i = 0; i < s->property_count; i++)
        if (schema_could_take(s->properties[i].schema, n))
            names[count++] = s->properties[i].name;
    slice near = suggest_nearest(n->key, names, count);
    if (near.n && !node_get(n->parent, near)) {
        finding_edit(x, at_key(n), near);
        finding_hint(x, "did you mean %.*s?", FMT(near));
    }
}

void schema_prune(struct schema_run *run, const struct schema *s, struct node *n)
{
    static const struct schema nothing; /* of a list where none is expected: a date-time may be one */
    if (n->kind == NODE_ARRAY && !(s->flags & SCHEMA_PRESERVE_UNKNOWN)) {
        for (struct node *c = node_first(n); c; c = node_next(c))
            schema_prune(run, s->items ? s->items : &nothing, c);
    }
    if (n->kind != NODE_OBJECT)
        return;
    for (struct node *c = node_first(n); c; c = node_next(c)) {
        const struct schema *below = schema_member(s, c);
        if (below)
            schema_prune(run, below, c);
        else if (!(s->flags & SCHEMA_PRESERVE_UNKNOWN) && !implied_at_root(s, c->key)) {
            report_unknown(run, s, c);
            c->flags |= NODE_PRUNED;
        }
    }
}

void schema_drop_nulls(const struct schema *s, struct node *n)
{
    if (n->kind != NODE_OBJECT && n->kind != NODE_ARRAY)
        return;
    for (struct node *c = node_first(n); c; c = node_next(c)) {
        const struct schema *below = n->kind == NODE_ARRAY ? s->items : schema_member(s, c);
        if (!below)
            continue;
        if (c->kind != NODE_NULL)
            schema_drop_nulls(below, c);
        else if (n->kind == NODE_OBJECT && !(below->flags & SCHEMA_NULLABLE) && !below->default_value)
            c->flags |= NODE_DROPPED;
    }
}

static void add_default(struct schema_run *run, struct node *n, slice key, const struct node *value)
{
    struct node *copy = node_copy(run->arena, value, NODE_DEFAULTED);
    copy->key = key;
    node_append(n, copy);
}

static bool replaced_by_default(const struct schema *s, const struct node *value)
{
    return value->kind == NODE_NULL && s->default_value && !(s->flags & SCHEMA_NULLABLE);
}

static void default_members(struct schema_run *run, const struct schema *s, struct node *n)
{
    for (size_t i = 0; i < s->property_count; i++) {
        const struct schema *below = s->properties[i].schema;
        if (!below->default_value)
            continue;
        struct node *present = node_get(n, s->properties[i].name);
        if (present && !replaced_by_default(below, present))
            continue;
        if (present)
            present->flags |= NODE_DROPPED;
        add_default(run, n, s->properties[i].name, below->default_value);
    }
}

void schema_default(struct schema_run *run, const struct schema *s, struct node *n)
{
    if (!(s->flags & SCHEMA_HAS_DEFAULTS))
        return;
    if (n->kind == NODE_OBJECT)
        default_members(run, s, n);
    else if (n->kind != NODE_ARRAY)
        return;
    for (struct node *c = node_first(n); c; c = node_next(c)) {
        const struct schema *below = n->kind == NODE_ARRAY ? s->items : schema_member(s, c);
        if (!below)
            continue;
        if (replaced_by_default(below, c)) { /* only items and additionalProperties are still null here */
            struct node *copy = node_copy(run->arena, below->default_value, NODE_DEFAULTED);
            copy->key = c->key;
            copy->item = n->kind == NODE_ARRAY ? c->item : 0;
            copy->parent = n;
            copy->next = c->next;
            c->next = copy;
            n->last = n->last == c ? copy : n->last;
            n->count++;
            c->flags |= NODE_DROPPED;
            c = copy;
        }
        schema_default(run, below, c);
    }
}

void schema_apply(struct schema_run *run, const struct schema *s, struct node *n)
{
    schema_prune(run, s, n);
    schema_drop_nulls(s, n);
    schema_default(run, s, n);
    schema_check(run, s, n);
}
