/* The kinds that brgate knows. */
#include "schema.h"

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
