/* A set of schemas: the regular expressions that they share, and looking things up in them. */
#include "schema.h"

#include "bug.h"

struct schema_set {
    struct arena *arena;
    slice *texts;
    const struct regex **compiled; /* beside `texts` */
    size_t count, text_capacity, compiled_capacity;
};

struct schema_set *schema_set_new(struct arena *a)
{
    struct schema_set *set = ARENA_NEW(a, struct schema_set);
    set->arena = a;
    return set;
}

struct arena *schema_set_arena(const struct schema_set *set)
{
    return set->arena;
}

bool schema_set_add_pattern(struct schema_set *set, slice text, uint16_t *ret, struct refusal *refusal)
{
    for (size_t i = 0; i < set->count; i++) {
        *ret = (uint16_t)(i + 1);
        if (slice_eq(set->texts[i], text))
            return true;
    }
    const struct regex *re;
    if (set->count == UINT16_MAX) {
        refuse(refusal, 0, text.n, "more than %d different patterns", UINT16_MAX);
        return false;
    }
    if (regex_compile(set->arena, text, 0, &re, refusal) != REGEX_GOOD)
        return false;
    set->texts = arena_grow(set->arena, set->texts, set->count, &set->text_capacity, sizeof *set->texts);
    set->compiled =
        arena_grow(set->arena, set->compiled, set->count, &set->compiled_capacity, sizeof(struct regex *));
    set->texts[set->count] = text;
    set->compiled[set->count++] = re;
    *ret = (uint16_t)set->count;
    return true;
}

slice schema_set_pattern(const struct schema_set *set, uint16_t number)
{
    BUG_IF(number == 0 || number > set->count);
    return set->texts[number - 1];
}

size_t schema_set_pattern_count(const struct schema_set *set)
{
    return set->count;
}

bool schema_set_matches(const struct schema_set *set, uint16_t number, slice text,
                        struct regex_scratch *scratch)
{
    BUG_IF(number == 0 || number > set->count);
    return regex_match(set->compiled[number - 1], text, scratch) == REGEX_YES;
}

/* ---- looking up ---- */

uint32_t schema_hash(slice name)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < name.n; i++)
        h = (h ^ (unsigned char)name.p[i]) * 16777619u;
    return h;
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
