/* flat_crds: prints our flat CRDs as JSON, one a line, for the oracle. */
#include "brgate_limits.h"
#include "crd_files.h"
#include "crd_source.h"

#include <stdio.h>

int main(void)
{
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    for (size_t i = 0; a && i < crd_source_count; i++) {
        struct error error;
        const struct node *flat = crd_flatten(a, crd_sources[i].text, crd_parts, crd_part_count, &error);
        struct buf b = buf_new(a, LIMIT_DOCUMENT_BYTES);
        if (!flat)
            return 1;
        node_put_json(&b, flat, true);
        printf("%.*s\n", FMT(buf_slice(&b)));
    }
    arena_free(a);
    return 0;
}
