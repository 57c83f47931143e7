/* From an openAPIV3Schema to a compiled schema. */
#include "schema_set.h"

#include "brgate_limits.h"

#include <stdlib.h>
#include <string.h>

struct known { /* a subtree that has been compiled */
    struct known *next;
    slice text;
    const struct schema *schema;
};

struct loader {
    struct schema_set *set;
    struct arena *arena; /* the set's */
    struct known *known;
    struct error error;
};

static void give_up(struct loader *l, const struct node *n, const char *what)
{
    if (!l->error.text[0])
        error_set(&l->error, "%.*s: %s", FMT(node_path(l->arena, n)), what);
}

static const struct schema *load(struct loader *l, const struct node *n);

static bool is_true(const struct node *n, const char *key)
{
    const struct node *v = node_get(n, slice_of(key));
    return v && v->kind == NODE_BOOL && v->boolean;
}

/* Members that say nothing about values, and those that are read below. Anything else is refused. */
static bool keyword_known(slice k)
{
    static const char *const words[] = {
        "description",
        "title",
        "example",
        "type",
        "format",
        "properties",
        "required",
        "items",
        "additionalProperties",
        "enum",
        "default",
        "pattern",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "nullable",
        "anyOf",
        "x-kubernetes-int-or-string",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-embedded-resource",
        "x-kubernetes-list-type",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-map-type",
        "x-kubernetes-validations",
    };
    for (size_t i = 0; i < COUNT(words); i++)
        if (slice_eq(k, slice_of(words[i])))
            return true;
    return false;
}

static enum schema_type type_of(struct loader *l, const struct node *n)
{
    static const char *const words[] = {"", "object", "array", "string", "integer", "number", "boolean"};
    if (is_true(n, "x-kubernetes-int-or-string"))
        return SCHEMA_INT_OR_STRING;
    if (node_get(n, LIT("anyOf")))
        give_up(l, n, "anyOf is supported only for integer-or-string");
    slice type = node_text(node_get(n, LIT("type")));
    for (size_t i = 1; i < COUNT(words); i++)
        if (slice_eq(type, slice_of(words[i])))
            return (enum schema_type)i;
    if (type.n || !is_true(n, "x-kubernetes-preserve-unknown-fields"))
        give_up(l, n, "expected a type: object, array, string, integer, number or boolean");
    return SCHEMA_ANY;
}

static enum schema_format format_of(slice format)
{
    static const char *const words[] = {"", "int32", "int64", "date-time", "float", "double"};
    for (size_t i = 1; i < COUNT(words); i++)
        if (slice_eq(format, slice_of(words[i])))
            return (enum schema_format)i;
    return FORMAT_NONE; /* the server ignores formats that it does not know */
}

static int by_name(const void *a, const void *b)
{
    return slice_cmp(((const struct schema_property *)a)->name, ((const struct schema_property *)b)->name);
}

static void load_properties(struct loader *l, const struct node *n, struct schema *s)
{
    const struct node *list = node_get(n, LIT("properties"));
    size_t count = 0, size = 4;
    for (const struct node *p = node_first(list); p; p = node_next(p))
        count++;
    if (count == 0)
        return;
    while (size < count * 2)
        size *= 2;
    if (size > 1 << 15) {
        give_up(l, n, "too many properties");
        return;
    }
    struct schema_property *properties = ARENA_ARRAY(l->arena, struct schema_property, count);
    size_t i = 0;
    for (const struct node *p = node_first(list); p; p = node_next(p))
        properties[i++] = (struct schema_property){p->key, load(l, p)};
    qsort(properties, count, sizeof *properties, by_name);
    uint16_t *index = ARENA_ARRAY(l->arena, uint16_t, size);
    for (i = 0; i < count; i++) {
        size_t at = schema_hash(properties[i].name) & (size - 1);
        while (index[at])
            at = (at + 1) & (size - 1);
        index[at] = (uint16_t)(i + 1);
        if (properties[i].schema &&
            (properties[i].schema->default_value || properties[i].schema->flags & SCHEMA_HAS_DEFAULTS))
            s->flags |= SCHEMA_HAS_DEFAULTS;
    }
    s->properties = properties;
    s->property_count = (uint16_t)count;
    s->index = index;
    s->index_mask = (uint16_t)(size - 1);
}

static const slice *load_names(struct loader *l, const struct node *list, uint16_t *ret_count)
{
    size_t count = list && list->kind == NODE_ARRAY ? list->count : 0, i = 0;
    slice *names = count ? ARENA_ARRAY(l->arena, slice, count) : NULL;
    for (const struct node *x = count ? node_first(list) : NULL; x; x = node_next(x))
        names[i++] = x->kind == NODE_STRING ? x->text : (slice){0};
    *ret_count = (uint16_t)count;
    return names;
}

static void load_pattern(struct loader *l, const struct node *n, struct schema *s)
{
    slice text = node_text(node_get(n, LIT("pattern")));
    struct refusal refusal = {0};
    if (text.n && !schema_set_add_pattern(l->set, text, &s->pattern, &refusal))
        give_up(l, n, arena_cstr(l->arena, arena_fmt(l->arena, "pattern: %s", refusal.why)));
}

static void load_enum(struct loader *l, const struct node *n, struct schema *s)
{
    const struct node *list = node_get(n, LIT("enum"));
    if (!list || list->count == 0)
        return;
    const struct node **values = ARENA_ARRAY(l->arena, const struct node *, list->count);
    size_t i = 0;
    for (const struct node *x = node_first(list); x; x = node_next(x))
        values[i++] = x;
    s->enums = values;
    s->enum_count = (uint16_t)i;
}

static int64_t integer_of(struct loader *l, const struct node *n, const char *key, bool *ret_present)
{
    const struct node *v = node_get(n, slice_of(key));
    if (!v)
        return 0;
    if (v->kind != NODE_INT)
        give_up(l, v, "expected an integer");
    if (ret_present)
        *ret_present = true;
    return v->integer;
}

static void load_limits(struct loader *l, const struct node *n, struct schema *s)
{
    bool minimum = false, maximum = false, max_length = false;
    s->minimum = integer_of(l, n, "minimum", &minimum);
    s->maximum = integer_of(l, n, "maximum", &maximum);
    s->max_length = integer_of(l, n, "maxLength", &max_length);
    s->min_length = integer_of(l, n, "minLength", NULL);
    s->min_items = integer_of(l, n, "minItems", NULL);
    s->flags |= (uint16_t)((minimum ? SCHEMA_HAS_MINIMUM : 0) | (maximum ? SCHEMA_HAS_MAXIMUM : 0) |
                           (max_length ? SCHEMA_HAS_MAX_LENGTH : 0));
}

static void load_list(struct loader *l, const struct node *n, struct schema *s)
{
    const struct node *items = node_get(n, LIT("items"));
    if (s->type == SCHEMA_ARRAY && !items)
        give_up(l, n, "a list needs items");
    if (items)
        s->items = load(l, items);
    if (s->items && (s->items->default_value || s->items->flags & SCHEMA_HAS_DEFAULTS))
        s->flags |= SCHEMA_HAS_DEFAULTS;
    slice type = node_text(node_get(n, LIT("x-kubernetes-list-type")));
    s->list_type = slice_eq(type, LIT("set"))   ? LIST_SET
                   : slice_eq(type, LIT("map")) ? LIST_MAP
                                                : LIST_ATOMIC;
    s->keys = load_names(l, node_get(n, LIT("x-kubernetes-list-map-keys")), &s->key_count);
}

/* Reads `has(self.LEFT) ? !has(self.RIGHT) : true`. */
static bool read_exclusion(slice rule, struct schema_exclusion *ret)
{
    static const slice head = SLICE("has(self."), middle = SLICE(") ? !has(self."), tail = SLICE(") : true");
    size_t mid = slice_find(rule, middle);
    if (!slice_starts(rule, head) || !slice_ends(rule, tail) || mid == SLICE_NONE)
        return false;
    ret->rule = rule;
    ret->left = slice_cut(rule, head.n, mid - head.n);
    ret->right = slice_cut(rule, mid + middle.n, rule.n - tail.n - mid - middle.n);
    return true;
}

static void load_exclusions(struct loader *l, const struct node *n, struct schema *s)
{
    const struct node *list = node_get(n, LIT("x-kubernetes-validations"));
    if (!list || list->count == 0)
        return;
    struct schema_exclusion *exclusions = ARENA_ARRAY(l->arena, struct schema_exclusion, list->count);
    size_t i = 0;
    for (const struct node *x = node_first(list); x; x = node_next(x), i++) {
        if (!read_exclusion(node_text(node_get(x, LIT("rule"))), &exclusions[i]))
            give_up(l, x, "the only supported CEL form is `has(self.x) ? !has(self.y) : true`");
        exclusions[i].message = node_text(node_get(x, LIT("message")));
    }
    s->exclusions = exclusions;
    s->exclusion_count = (uint16_t)i;
}

static const struct schema *build(struct loader *l, const struct node *n)
{
    struct schema *s = ARENA_NEW(l->arena, struct schema);
    if (n->kind != NODE_OBJECT) {
        give_up(l, n, "a schema is a mapping");
        return s;
    }
    for (const struct node *m = node_first(n); m; m = node_next(m))
        if (!keyword_known(m->key))
            give_up(l, m, "this keyword is not supported");
    s->type = (uint8_t)type_of(l, n);
    s->format = (uint8_t)format_of(node_text(node_get(n, LIT("format"))));
    s->flags |=
        (uint16_t)((is_true(n, "nullable") ? SCHEMA_NULLABLE : 0) |
                   (is_true(n, "x-kubernetes-preserve-unknown-fields") ? SCHEMA_PRESERVE_UNKNOWN : 0) |
                   (is_true(n, "x-kubernetes-embedded-resource") ? SCHEMA_EMBEDDED : 0));
    load_properties(l, n, s);
    s->required = load_names(l, node_get(n, LIT("required")), &s->required_count);
    const struct node *additional = node_get(n, LIT("additionalProperties"));
    if (additional && additional->kind == NODE_OBJECT) {
        s->additional = load(l, additional);
        if (s->additional && (s->additional->default_value || s->additional->flags & SCHEMA_HAS_DEFAULTS))
            s->flags |= SCHEMA_HAS_DEFAULTS;
    } else if (is_true(n, "additionalProperties")) {
        s->flags |= SCHEMA_PRESERVE_UNKNOWN;
    }
    s->default_value = node_get(n, LIT("default"));
    load_pattern(l, n, s);
    load_enum(l, n, s);
    load_limits(l, n, s);
    load_list(l, n, s);
    load_exclusions(l, n, s);
    return s;
}

/* The subtree's text without descriptions, as the key under which equal subtrees are found. */
static slice text_of(struct loader *l, const struct node *n)
{
    struct buf b = buf_new(l->arena, LIMIT_DOCUMENT_BYTES);
    node_put_json(&b, n, true);
    return buf_slice(&b);
}

static const struct schema *load(struct loader *l, const struct node *n)
{
    slice text = text_of(l, n);
    for (struct known *k = l->known; k; k = k->next)
        if (slice_eq(k->text, text))
            return k->schema;
    const struct schema *s = build(l, n);
    struct known *k = ARENA_NEW(l->arena, struct known);
    *k = (struct known){l->known, text, s};
    l->known = k;
    return s;
}

bool schema_set_add(struct schema_set *set, struct schema_kind kind, const struct node *openapi,
                    struct error *reterr)
{
    struct loader l = {.set = set, .arena = schema_set_arena(set)};
    struct schema *root = ARENA_NEW(l.arena, struct schema);
    *root = *load(&l, openapi);
    root->flags |= SCHEMA_ROOT;
    if (l.error.text[0]) {
        *reterr = l.error;
        return false;
    }
    kind.schema = root;
    schema_set_add_kind(set, kind);
    return true;
}
