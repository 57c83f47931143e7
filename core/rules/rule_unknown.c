/* What the schema found, in the words of somebody who knows these resources: where an unknown field belongs,
 * which lines an empty block has lost. */
#include "rule_storage.h"

#include "ceilings.h"

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
    bool renamed =
        slice_eq(x->node->key, LIT("compactSpan")) && !node_get(x->node->parent, LIT("compactInterval"));
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
static bool explain_indentation(struct arena *a, struct findings *f, struct finding *x,
                                const struct schema *s)
{
    const struct node *block = emptied_block(x->node, s);
    if (!block)
        return false;
    x->note_node = block;
    x->note = arena_fmt(a, "%.*s is empty", FMT(block->key));
    x->suggested = (slice){0};
    finding_hint(f, x, "indent it: it belongs below %.*s", FMT(block->key));
    return true;
}

/* The other end of the same slip: the block that is wanted and empty names the lines that belong to it. */
static void explain_emptied(struct arena *a, struct findings *f, struct finding *x,
                            const struct schema_kind *kind)
{
    const struct schema *s = x->node->parent ? schema_at(kind->schema, x->node->parent) : NULL;
    struct buf b = buf_new(a, LIMIT_MESSAGE_BYTES);
    for (const struct node *c = x->node->next; c && s; c = c->next) {
        if (!(c->flags & NODE_PRUNED) || emptied_block(c, s) != x->node)
            continue;
        buf_put(&b, b.n ? LIT(", ") : (slice){0});
        buf_put(&b, c->key);
    }
    if (b.n)
        finding_hint(f, x, "nothing stands below it: indent %.*s", FMT(buf_slice(&b)));
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

/* One of the blocks that could stand here has such a member, and only that one. */
static bool explain_below(struct findings *f, struct finding *x, const struct schema *s)
{
    slice block = {0};
    for (size_t i = 0; i < s->property_count; i++) {
        if (!schema_property(s->properties[i].schema, x->node->key))
            continue;
        if (block.n)
            return false;
        block = s->properties[i].name;
    }
    if (block.n)
        finding_hint(f, x, "it belongs below %.*s", FMT(block));
    return block.n > 0;
}

/* A word of which the beginning was cut off. */
static bool explain_tail(struct findings *f, struct finding *x, const struct schema *s)
{
    for (size_t i = 0; i < s->property_count && x->node->key.n >= 4; i++) {
        slice name = s->properties[i].name, key = x->node->key;
        if (name.n <= key.n || !slice_eq_nocase(slice_from(name, name.n - key.n), key) ||
            node_get(x->node->parent, name))
            continue;
        x->suggested = name;
        finding_hint(f, x, "did you mean %.*s?", FMT(name));
        return true;
    }
    return false;
}

/* Azure has containers, which some examples call a bucket as well. */
static bool explain_container(struct findings *f, struct finding *x)
{
    if (!slice_eq(x->node->parent->key, LIT("azblob")) || !slice_eq(x->node->key, LIT("bucket")))
        return false;
    const struct node *container = node_get(x->node->parent, LIT("container"));
    x->note_node = container;
    x->note = container ? LIT("this is used") : (slice){0};
    x->suggested = container ? (slice){0} : LIT("container");
    finding_hint(f, x,
                 container ? "remove it: azblob has a container and no bucket"
                           : "write container: azblob has no bucket");
    return true;
}

/* Names that these resources do not have and others do. */
static bool explain_borrowed(struct findings *f, struct finding *x)
{
    static const struct {
        slice block, key;
        const char *hint;
    } known[] = {
        {SLICE("s3"), SLICE("accessKey"), "put it into a Secret, and the Secret's name into secretName"},
        {SLICE("s3"), SLICE("access_key"), "put it into a Secret, and the Secret's name into secretName"},
        {SLICE("s3"), SLICE("secretKey"), "put it into a Secret, and the Secret's name into secretName"},
        {SLICE("s3"), SLICE("secret_key"), "put it into a Secret, and the Secret's name into secretName"},
        {SLICE("backupTemplate"), SLICE("spec"),
         "what stands below it belongs directly below backupTemplate"},
        {SLICE("logBackupTemplate"), SLICE("spec"),
         "what stands below it belongs directly below logBackupTemplate"},
        {SLICE("compactBackupTemplate"), SLICE("spec"),
         "what stands below it belongs directly below compactBackupTemplate"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!slice_eq(x->node->key, known[i].key) || !slice_eq(x->node->parent->key, known[i].block))
            continue;
        x->suggested = (slice){0};
        finding_hint(f, x, "%s", known[i].hint);
        return true;
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

static void explain_unknown(struct arena *a, struct findings *f, struct finding *x,
                            const struct schema_kind *kind)
{
    const struct schema *s = schema_at(kind->schema, x->node->parent);
    if (!s || explain_other_group(f, x, kind) || explain_indentation(a, f, x, s) || explain_container(f, x) ||
        explain_borrowed(f, x) || x->hint.n)
        return;
    if (!explain_neighbour(a, f, x, s) && !explain_tail(f, x, s) && !explain_below(f, x, s))
        explain_above(a, f, x, kind);
}

void rules_explain_unknown(struct arena *a, struct findings *f, const struct schema_kind *kind)
{
    for (struct finding *x = f->first; x; x = x->next)
        if (x->rule == RULE_unknown_field && x->node)
            explain_unknown(a, f, x, kind);
}

/* A number where a duration is wanted: quotes alone do not mend it. */
static void explain_duration(struct findings *f, struct finding *x)
{
    static const slice durations[] = {
        SLICE("maxReservedTime"), SLICE("compactInterval"), SLICE("compactSpan"),   SLICE("minRetryDuration"),
        SLICE("retryTimeout"),    SLICE("timeAgo"),         SLICE("tikvGCLifeTime")};
    long long n = x->node->integer;
    if (x->node->kind == NODE_INT &&
        slice_among(x->node->key, durations, sizeof durations / sizeof *durations))
        finding_hint(f, x, "a duration has a unit: write %lldh, %lldm or %llds", n, n, n);
}

void rules_explain_values(struct arena *a, struct findings *f, const struct schema_kind *kind)
{
    for (struct finding *x = f->first; x; x = x->next) {
        if (x->rule == RULE_schema_required && x->node->kind == NODE_NULL)
            explain_emptied(a, f, x, kind);
        if (x->rule == RULE_schema_type)
            explain_duration(f, x);
        if (x->rule == RULE_schema_enum && slice_eq(x->node->key, LIT("provider")) && x->node->parent &&
            slice_eq(x->node->parent->key, LIT("s3")))
            explain_provider(a, f, x);
    }
}
