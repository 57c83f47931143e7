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

const struct schema *schema_member(const struct schema *s, struct node *member)
{
    if (!member->schema) {
        const struct schema *found = schema_property(s, member->key);
        member->schema = found ? found : s->additional;
    }
    return member->schema;
}
