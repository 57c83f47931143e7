/* A set of schemas: its kinds, the regular expressions that they share, and looking things up in them. */
#include "schema_set.h"

#include "bug.h"
#include "scan.h"

struct schema_set {
    struct schema_tables tables; /* of the arrays below */
    struct arena *arena;
    struct schema_kind *kinds;
    slice *patterns;
    const struct regex **compiled; /* beside `patterns` */
    size_t kind_capacity, pattern_capacity, compiled_capacity;
};

struct schema_set *schema_set_new(struct arena *a, const struct schema_tables *tables)
{
    struct schema_set *set = ARENA_NEW(a, struct schema_set);
    set->arena = a;
    for (size_t i = 0; i < tables->pattern_count; i++) {
        uint16_t number;
        bool compiled = schema_set_add_pattern(set, tables->patterns[i], &number, NULL);
        BUG_IF(!compiled || number != i + 1);
    }
    for (size_t i = 0; i < tables->kind_count; i++)
        schema_set_add_kind(set, tables->kinds[i]);
    return set;
}

const struct schema_tables *schema_set_tables(const struct schema_set *set)
{
    return &set->tables;
}

struct arena *schema_set_arena(const struct schema_set *set)
{
    return set->arena;
}

bool schema_set_add_pattern(struct schema_set *set, slice text, uint16_t *ret, struct refusal *refusal)
{
    size_t count = set->tables.pattern_count;
    for (size_t i = 0; i < count; i++) {
        *ret = (uint16_t)(i + 1);
        if (slice_eq(set->patterns[i], text))
            return true;
    }
    const struct regex *re;
    if (count == UINT16_MAX) {
        refuse(refusal, 0, text.n, "more than %d different patterns", UINT16_MAX);
        return false;
    }
    if (regex_compile(set->arena, text, 0, &re, refusal) != REGEX_GOOD)
        return false;
    set->patterns =
        arena_grow(set->arena, set->patterns, count, &set->pattern_capacity, sizeof *set->patterns);
    set->compiled =
        arena_grow(set->arena, set->compiled, count, &set->compiled_capacity, sizeof(struct regex *));
    set->patterns[count] = text;
    set->compiled[count] = re;
    set->tables.patterns = set->patterns;
    *ret = (uint16_t)++set->tables.pattern_count;
    return true;
}

void schema_set_add_kind(struct schema_set *set, struct schema_kind kind)
{
    size_t count = set->tables.kind_count;
    set->kinds = arena_grow(set->arena, set->kinds, count, &set->kind_capacity, sizeof *set->kinds);
    set->kinds[count] = kind;
    set->tables.kinds = set->kinds;
    set->tables.kind_count = count + 1;
}

bool schema_set_matches(const struct schema_set *set, uint16_t number, slice text,
                        struct regex_scratch *scratch)
{
    BUG_IF(number == 0 || number > set->tables.pattern_count);
    return regex_match(set->compiled[number - 1], text, scratch) == REGEX_YES;
}

/* ---- looking up ---- */

const struct schema_kind *schema_find(const struct schema_set *set, slice api_version, slice kind)
{
    for (size_t i = 0; i < set->tables.kind_count; i++) {
        const struct schema_kind *k = &set->kinds[i];
        if (slice_eq(k->kind, kind) && slice_eq(k->api_version, api_version))
            return k;
    }
    return NULL;
}

const struct schema_kind *schema_find_in(const struct schema_set *set, slice group, slice version, slice kind)
{
    for (size_t i = 0; i < set->tables.kind_count; i++) {
        const struct schema_kind *k = &set->kinds[i];
        if (slice_eq(k->kind, kind) && slice_eq(k->group, group) && slice_eq(k->version, version))
            return k;
    }
    return NULL;
}

uint32_t schema_hash(slice name)
{
    /* The first and the last eight bytes. The multipliers are odd and have bits everywhere; nothing else is asked of
     * them, as the tables are constant: no key of a document makes a look-up longer than its table. */
    bool few = name.n < 8;
    uint64_t first = few ? scan_few(name.p, name.n) : scan_eight(name.p),
             last = few ? name.n : scan_eight(name.p + name.n - 8);
    return (uint32_t)((first * UINT64_C(0x9e3779b97f4a7c15) ^ last * UINT64_C(0xc2b2ae3d27d4eb4f)) >> 32);
}

const struct schema *schema_property(const struct schema *s, slice name)
{
    if (s->property_count == 0)
        return NULL;
    for (uint32_t i = schema_hash(name);; i++) {
        uint16_t at = s->index[i & s->index_mask];
        if (at == 0)
            return NULL;
        if (slice_eq(s->properties[at - 1].name, name))
            return s->properties[at - 1].schema;
    }
}

const struct schema *schema_member(const struct schema *s, struct node *member)
{
    if (!member->schema) {
        const struct schema *found = schema_property(s, member->key);
        member->schema = found ? found : s->additional;
    }
    return member->schema;
}

const struct schema *schema_at(const struct schema *s, const struct node *n)
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
