/* The kinds that brgate knows. */
#include "schema.h"

#include "bug.h"

struct schema_set *schema_set_builtin(struct arena *a)
{
    struct schema_set *set = schema_set_new(a);
    for (size_t i = 0; i < schema_builtin_pattern_count; i++) {
        uint16_t number;
        bool compiled = schema_set_add_pattern(set, schema_builtin_patterns[i], &number, NULL);
        BUG_IF(!compiled || number != i + 1);
    }
    return set;
}

const struct schema_kind *schema_find(slice api_version, slice kind)
{
    for (size_t i = 0; i < schema_kind_count; i++)
        if (slice_eq(schema_kinds[i].kind, kind) && slice_eq(schema_kinds[i].api_version, api_version))
            return &schema_kinds[i];
    return NULL;
}

const struct schema_kind *schema_find_in(slice group, slice version, slice kind)
{
    for (size_t i = 0; i < schema_kind_count; i++) {
        const struct schema_kind *k = &schema_kinds[i];
        if (slice_eq(k->kind, kind) && slice_eq(k->group, group) && slice_eq(k->version, version))
            return k;
    }
    return NULL;
}
