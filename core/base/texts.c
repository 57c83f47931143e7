/* Hashes of texts, and a table of texts by hash. */
#include "texts.h"

struct kept_text {
    struct kept_text *next;
    slice text;
};

uint64_t hash_start(void)
{
    return UINT64_C(14695981039346656037);
}

uint64_t hash_text(uint64_t hash, slice s)
{
    for (size_t i = 0; i <= s.n; i++)
        hash = (hash ^ (i < s.n ? (unsigned char)s.p[i] : 0x1ffu)) * UINT64_C(1099511628211);
    return hash ^ hash >> 29;
}

slice texts_keep(struct texts *t, slice s)
{
    if (!s.n)
        return s;
    struct kept_text **slot = &t->slots[hash_text(hash_start(), s) % TEXTS_SLOTS];
    for (struct kept_text *k = *slot; k; k = k->next)
        if (slice_eq(k->text, s))
            return k->text;
    struct kept_text *k = ARENA_NEW(t->arena, struct kept_text);
    *k = (struct kept_text){*slot, arena_copy(t->arena, s)};
    *slot = k;
    return k->text;
}
