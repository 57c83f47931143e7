/* Looking things up in compiled schemas. */
#include "schema.h"

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

const struct schema_kind *schema_find(slice api_version, slice kind)
{
    for (size_t i = 0; i < schema_kind_count; i++) {
        const struct schema_kind *k = &schema_kinds[i];
        if (slice_eq(k->kind, kind) && api_version.n == k->group.n + 1 + k->version.n &&
            slice_starts(api_version, k->group) && api_version.p[k->group.n] == '/' &&
            slice_ends(api_version, k->version))
            return k;
    }
    return NULL;
}
