/* Fields that no schema has: where each belongs, which group has it, which lines an empty block has lost. */
#include "explain.h"

#include "brgate_limits.h"

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
static const struct schema_kind *same_kind_in_other_group(const struct schema_kind *kind)
{
    for (size_t i = 0; i < schema_kind_count; i++)
        if (slice_eq(schema_kinds[i].kind, kind->kind) && !slice_eq(schema_kinds[i].group, kind->group))
            return &schema_kinds[i];
    return NULL;
}

static bool explain_other_group(struct finding *x, const struct schema_kind *kind)
{
    const struct schema_kind *twin = same_kind_in_other_group(kind);
    const struct schema *there = twin ? schema_at(twin->schema, x->place.node->parent) : NULL;
    if (!there || !schema_property(there, x->place.node->key))
        return false;
    x->rule = &rule_wrong_group_field;
    x->message =
        arena_fmt(x->arena, "unknown field in %.*s: only %.*s has it, and the API server drops it here",
                  FMT(kind->group), FMT(twin->group));
    bool renamed = slice_eq(x->place.node->key, LIT("compactSpan")) &&
                   !node_get(x->place.node->parent, LIT("compactInterval"));
    x->hint = renamed ? LIT("write compactInterval") : LIT("remove it");
    return true;
}

/* The empty block that stands before `n` and could hold it: the nearest. */
static const struct node *emptied_block(const struct node *n, const struct schema *s)
{
    const struct node *nearest = NULL;
    for (const struct node *c = n->parent->first; c && c != n; c = c->next) {
        const struct schema *below = c->kind == NODE_NULL ? schema_property(s, c->key) : NULL;
        if (below && schema_property(below, n->key))
            nearest = c;
    }
    return nearest;
}

/* A line that lost its indentation. */
static bool explain_indentation(struct finding *x, const struct schema *s)
{
    const struct node *block = emptied_block(x->place.node, s);
    if (!block)
        return false;
    finding_note(x, at_key(block), "%.*s is empty", FMT(block->key));
    finding_edit(x, x->place, (slice){0});
    finding_hint(x, "indent it: it belongs under %.*s", FMT(block->key));
    return true;
}

static bool explain_sibling_block(struct finding *x, const struct schema *s)
{
    const struct node *parent = x->place.node->parent;
    for (const struct node *c = node_first(parent); c; c = node_next(c)) {
        bool written = c->kind == NODE_OBJECT && !(c->flags & NODE_DEFAULTED);
        const struct schema *below = written ? schema_property(s, c->key) : NULL;
        if (below && schema_property(below, x->place.node->key)) {
            finding_hint(x, "it belongs in %.*s", FMT(node_path(x->arena, c)));
            return true;
        }
    }
    return false;
}

/* One of the blocks that could stand here has such a member, and only that one. */
static bool explain_below(struct finding *x, const struct schema *s)
{
    slice block = {0};
    for (size_t i = 0; i < s->property_count; i++) {
        if (!schema_property(s->properties[i].schema, x->place.node->key))
            continue;
        if (block.n)
            return false;
        block = s->properties[i].name;
    }
    if (block.n)
        finding_hint(x, "it belongs in %.*s", FMT(block));
    return block.n > 0;
}

/* A word of which the beginning was cut off. */
static bool explain_truncated_name(struct finding *x, const struct schema *s)
{
    for (size_t i = 0; i < s->property_count && x->place.node->key.n >= 4; i++) {
        slice name = s->properties[i].name, key = x->place.node->key;
        if (name.n <= key.n || !slice_eq_nocase(slice_from(name, name.n - key.n), key) ||
            at_member(x->place.node->parent, arena_cstr(x->arena, name)).kind == PLACE_VALUE)
            continue;
        finding_edit(x, x->place, name);
        finding_hint(x, "did you mean %.*s?", FMT(name));
        return true;
    }
    return false;
}

/* Azure has containers, which some examples call a bucket as well. */
static bool explain_container(struct finding *x)
{
    if (!slice_eq(x->place.node->parent->key, LIT("azblob")) || !slice_eq(x->place.node->key, LIT("bucket")))
        return false;
    const struct node *container = node_get(x->place.node->parent, LIT("container"));
    if (container)
        finding_note(x, at_key(container), "this is used");
    finding_edit(x, x->place, container ? (slice){0} : LIT("container"));
    finding_hint(x, container ? "remove it: azblob has a container, not a bucket"
                              : "write container: azblob has no bucket");
    return true;
}

/* Names that these resources do not have and others do. */
static bool explain_foreign_name(struct finding *x)
{
    static const struct {
        slice block, key;
        const char *hint;
    } known[] = {
        {SLICE("s3"), SLICE("accessKey"), "put it in a Secret, and the Secret's name in secretName"},
        {SLICE("s3"), SLICE("access_key"), "put it in a Secret, and the Secret's name in secretName"},
        {SLICE("s3"), SLICE("secretKey"), "put it in a Secret, and the Secret's name in secretName"},
        {SLICE("s3"), SLICE("secret_key"), "put it in a Secret, and the Secret's name in secretName"},
        {SLICE("backupTemplate"), SLICE("spec"), "its fields belong directly in backupTemplate"},
        {SLICE("logBackupTemplate"), SLICE("spec"), "its fields belong directly in logBackupTemplate"},
        {SLICE("compactBackupTemplate"), SLICE("spec"),
         "its fields belong directly in compactBackupTemplate"},
    };
    for (size_t i = 0; i < COUNT(known); i++) {
        if (!slice_eq(x->place.node->key, known[i].key) ||
            !slice_eq(x->place.node->parent->key, known[i].block))
            continue;
        finding_edit(x, x->place, (slice){0});
        finding_hint(x, "%s", known[i].hint);
        return true;
    }
    return false;
}

static bool explain_above(struct finding *x, const struct schema_kind *kind)
{
    for (const struct node *n = x->place.node->parent; n && n->parent; n = n->parent) {
        const struct schema *above = schema_at(kind->schema, n->parent);
        if (above && schema_property(above, x->place.node->key)) {
            slice path = node_path(x->arena, n->parent);
            finding_hint(x, path.n ? "it belongs in %.*s" : "it belongs at the top level%.*s", FMT(path));
            return true;
        }
    }
    return false;
}

void explain_unknown(struct finding *x, const struct schema_kind *kind)
{
    const struct schema *s = schema_at(kind->schema, x->place.node->parent);
    if (!s || explain_other_group(x, kind) || explain_indentation(x, s) || explain_container(x) ||
        explain_foreign_name(x) || x->hint.n)
        return;
    if (!explain_sibling_block(x, s) && !explain_truncated_name(x, s) && !explain_below(x, s))
        explain_above(x, kind);
}

/* The other end of the same slip: the block that is wanted and empty names the lines that belong to it. */
void explain_emptied(struct finding *x, const struct schema_kind *kind)
{
    const struct schema *s = x->place.node->parent ? schema_at(kind->schema, x->place.node->parent) : NULL;
    struct buf b = buf_new(x->arena, LIMIT_MESSAGE_BYTES);
    for (const struct node *c = x->place.node->next; c && s; c = c->next) {
        if (!(c->flags & NODE_PRUNED) || emptied_block(c, s) != x->place.node)
            continue;
        buf_put(&b, b.n ? LIT(", ") : (slice){0});
        buf_put(&b, c->key);
    }
    if (b.n)
        finding_hint(x, "it is empty: indent %.*s", FMT(buf_slice(&b)));
}
