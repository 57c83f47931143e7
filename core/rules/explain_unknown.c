/* Fields that no schema has: where each belongs, which group has it, which lines an empty block has lost. */
#include "explain.h"

#include "brgate_limits.h"
#include "foreign_names.h"

/* The kind of that name in the other group, or NULL. */
static const struct schema_kind *same_kind_in_other_group(const struct schema_set *schemas,
                                                          const struct schema_kind *kind)
{
    const struct schema_tables *t = schema_set_tables(schemas);
    for (size_t i = 0; i < t->kind_count; i++)
        if (slice_eq(t->kinds[i].kind, kind->kind) && !slice_eq(t->kinds[i].group, kind->group))
            return &t->kinds[i];
    return NULL;
}

static bool explain_other_group(struct finding *x, const struct schema_set *schemas,
                                const struct schema_kind *kind)
{
    const struct schema_kind *twin = same_kind_in_other_group(schemas, kind);
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

/* Returns the nearest empty block before `n` that could hold it. */
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

/* ---- one level too deep or too high ---- */

static slice path_of(struct arena *a, slice above, slice name)
{
    return above.n ? arena_fmt(a, "%.*s.%.*s", FMT(above), FMT(name)) : name;
}

/* The schema's field of that name, if the value could be its own. */
static const struct schema *field_for(const struct schema *s, const struct node *n)
{
    const struct schema *field = schema_property(s, n->key);
    return field && schema_could_take(field, n) ? field : NULL;
}

static void say_belongs(struct finding *x, slice block)
{
    const struct node *n = x->place.node;
    finding_moves(x, n, path_of(x->arena, block, n->key));
    finding_edit(x, x->place, (slice){0});
    finding_hint(x, block.n ? "it belongs in %.*s" : "it belongs at the top level%.*s", FMT(block));
}

/* Searches the schema rather than the siblings: a hostile object may have a million of them. */
static bool explain_sibling_block(struct finding *x, const struct schema *s)
{
    const struct node *n = x->place.node, *first = NULL;
    for (size_t i = 0; i < s->property_count; i++) {
        if (!field_for(s->properties[i].schema, n))
            continue;
        const struct node *c = node_get(n->parent, s->properties[i].name);
        bool written = c && c->kind == NODE_OBJECT && !(c->flags & NODE_DEFAULTED);
        if (written && !node_get(c, n->key) && (!first || c->at < first->at))
            first = c;
    }
    if (first)
        say_belongs(x, node_path(x->arena, first));
    return first != NULL;
}

/* How many of the unknown fields beside it the block has, it included. */
static size_t count_strays(const struct node *n, const struct schema *block)
{
    size_t count = 0;
    for (const struct node *c = n->parent->first; c; c = c->next)
        count += (c->flags & NODE_PRUNED) && field_for(block, c);
    return count;
}

/* One of the blocks that could be here has such a member: the only one, or the one that has most of what has
 * strayed. */
static bool explain_below(struct finding *x, const struct schema *s)
{
    const struct node *n = x->place.node;
    slice block = {0};
    size_t best = 0;
    for (size_t i = 0; i < s->property_count; i++) {
        const struct schema *below = s->properties[i].schema;
        size_t strays = field_for(below, n) ? count_strays(n, below) : 0;
        if (strays < best || !strays)
            continue;
        bool plain_backup = slice_eq(block, LIT("backupTemplate")); /* rather than a log backup's */
        if (strays > best || !plain_backup)
            block = strays > best ? s->properties[i].name : (slice){0};
        best = strays;
    }
    if (block.n)
        say_belongs(x, path_of(x->arena, node_path(x->arena, n->parent), block));
    return block.n > 0;
}

static bool explain_above(struct finding *x, const struct schema_kind *kind)
{
    for (const struct node *n = x->place.node->parent; n && n->parent; n = n->parent) {
        const struct schema *above = schema_at(kind->schema, n->parent);
        if (above && field_for(above, x->place.node)) {
            say_belongs(x, node_path(x->arena, n->parent));
            return true;
        }
    }
    return false;
}

/* ---- a level too many ---- */

static size_t count_members(const struct node *n, const struct schema *known)
{
    size_t count = 0;
    for (const struct node *c = node_first(n); c; c = node_next(c))
        count += !known || field_for(known, c);
    return count;
}

static const struct node *first_known(const struct node *n, const struct schema *known)
{
    const struct node *c = node_first(n);
    while (node_next(c) && !field_for(known, c))
        c = node_next(c);
    return c;
}

/* What a wrapper holds in the end: its `spec`, or its only block. */
static const struct node *unwrapped(const struct node *n, const struct schema *s)
{
    for (;;) {
        const struct node *spec = node_get(n, LIT("spec")), *only = node_first(n);
        if (!spec && only && !node_next(only))
            spec = only;
        if (!spec || spec->kind != NODE_OBJECT || schema_property(s, spec->key))
            return n;
        n = spec;
    }
}

/* An unknown block around fields that are known here, `storage: {s3: ...}` or `template: {spec: ...}`. */
static bool explain_wrapper(struct finding *x, const struct schema *s)
{
    const struct node *n = x->place.node, *inner = n->kind == NODE_OBJECT ? unwrapped(n, s) : NULL;
    size_t known = inner ? count_members(inner, s) : 0;
    const struct schema *template = schema_property(s, LIT("backupTemplate"));
    slice above = node_path(x->arena, n->parent);
    if (!known || !is_plain_word(n->key) || !is_plain_word(inner->key) ||
        known * 2 < count_members(inner, NULL) || (template && count_members(inner, template) >= known))
        return false; /* of a schedule it is the template's */
    const char *here = above.n ? "directly in " : "at the top level";
    finding_moves(x, inner, above);
    finding_edit(x, x->place, (slice){0});
    if (inner != n)
        finding_hint(x, "remove %.*s and %.*s: their fields belong %s%.*s", FMT(n->key), FMT(inner->key),
                     here, FMT(above));
    else if (known == 1)
        finding_hint(x, "remove %.*s: %.*s belongs %s%.*s", FMT(n->key), FMT(first_known(n, s)->key), here,
                     FMT(above));
    else
        finding_hint(x, "remove %.*s: its fields belong %s%.*s", FMT(n->key), here, FMT(above));
    return true;
}

/* An unknown name for a block whose fields are all or mostly known, `storage: {provider: aws, bucket: ...}`. */
static bool explain_renamed(struct finding *x, const struct schema *s)
{
    const struct node *n = x->place.node;
    size_t best = 1, total = n->kind == NODE_OBJECT ? count_members(n, NULL) : 0;
    slice name = {0};
    for (size_t i = 0; i < s->property_count && total; i++) {
        const struct schema *block = s->properties[i].schema;
        size_t known = block->type == SCHEMA_OBJECT ? count_members(n, block) : 0;
        if (known * 2 < total || known < best || node_get(n->parent, s->properties[i].name))
            continue;
        bool plain_backup = slice_eq(name, LIT("backupTemplate")); /* rather than a log backup's */
        if (known > best || !plain_backup)
            name = known > best ? s->properties[i].name : (slice){0}; /* equally good ones: none */
        best = known;
    }
    if (!name.n)
        return false;
    finding_moves(x, n, path_of(x->arena, node_path(x->arena, n->parent), name));
    finding_edit(x, x->place, name);
    finding_hint(x, "write %.*s; these are its fields", FMT(name));
    return true;
}

/* ---- a slip of letters ---- */

/* A name that lost its beginning in the middle of a word: mespace. */
static bool explain_truncated_name(struct finding *x, const struct schema *s)
{
    slice key = x->place.node->key;
    for (size_t i = 0; i < s->property_count && key.n >= 4; i++) {
        slice name = s->properties[i].name;
        if (name.n <= key.n || !slice_eq(slice_from(name, name.n - key.n), key) ||
            !schema_could_take(s->properties[i].schema, x->place.node) ||
            at_member(x->place.node->parent, arena_cstr(x->arena, name)).kind == PLACE_VALUE)
            continue;
        finding_edit(x, x->place, name);
        finding_hint(x, "did you mean %.*s?", FMT(name));
        return true;
    }
    return false;
}

static bool explain_letters(struct finding *x, const struct schema *s)
{
    if (!x->edit.text.n && !explain_truncated_name(x, s))
        return false;
    const struct node *n = x->place.node;
    finding_moves(x, n, path_of(x->arena, node_path(x->arena, n->parent), x->edit.text));
    return true;
}

static bool explain_case(struct finding *x, const struct schema *s)
{
    return slice_eq_nocase(x->edit.text, x->place.node->key) && explain_letters(x, s);
}

/* Azure has containers, which some examples call a bucket as well. */
static bool explain_container(struct finding *x)
{
    const struct node *n = x->place.node, *container = node_get(n->parent, LIT("container"));
    if (!container || !slice_eq(n->parent->key, LIT("azblob")) || !slice_eq(n->key, LIT("bucket")))
        return false;
    finding_note(x, at_key(container), "this is used");
    finding_edit(x, x->place, (slice){0});
    finding_hint(x, "remove it: azblob has a container, not a bucket");
    return true;
}

/* An environment variable written as a field: `- TZ: UTC`. */
static bool explain_variable(struct finding *x)
{
    const struct node *n = x->place.node, *item = n->parent;
    if (!item->parent || !slice_eq(item->parent->key, LIT("env")) || item->parent->kind != NODE_ARRAY ||
        node_get(item, LIT("name")) || n->kind == NODE_OBJECT || n->kind == NODE_ARRAY)
        return false;
    struct buf b = buf_new(x->arena, LIMIT_MESSAGE_BYTES);
    put_variable(&b, n);
    if (b.failed)
        return false;
    finding_moves(x, n, path_of(x->arena, node_path(x->arena, item), LIT("name")));
    finding_edit(x, x->place, (slice){0});
    finding_hint(x, "write %.*s", FMT(buf_slice(&b)));
    return true;
}

/* Meaning first; letters count only where no meaning is known. A field in another case is the field, unless that has no
 * effect. */
void explain_unknown(struct finding *x, const struct schema_set *schemas, const struct schema_kind *kind)
{
    const struct schema *s = schema_at(kind->schema, x->place.node->parent);
    if (!s || explain_other_group(x, schemas, kind) || explain_indentation(x, s) || explain_variable(x) ||
        explain_container(x) || foreign_name_explain(x, kind, FOREIGN_UNUSED) || explain_case(x, s) ||
        foreign_name_explain(x, kind, FOREIGN_EARLY) || explain_wrapper(x, s) || explain_renamed(x, s) ||
        foreign_name_explain(x, kind, FOREIGN_LATE))
        return;
    if (!explain_sibling_block(x, s) && !explain_letters(x, s) && !explain_below(x, s) &&
        !explain_above(x, kind))
        foreign_name_explain_around(x, kind);
}

/* The same mistake seen from the required, empty block: its finding names the lines that belong to it. */
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
