#include "patterns.h"

#include "bug.h"
#include "regex.h"

struct patterns {
    struct arena *arena;           /* owns everything, itself included */
    const struct regex **compiled; /* beside schema_patterns */
};

struct patterns *patterns_open(void)
{
    struct arena *a = arena_new((size_t)64 << 20);
    if (!a)
        return NULL;
    if (arena_guard(a)) {
        arena_free(a);
        return NULL;
    }
    struct patterns *p = ARENA_NEW(a, struct patterns);
    p->arena = a;
    p->compiled = ARENA_ARRAY(a, const struct regex *, schema_pattern_count);
    for (size_t i = 0; i < schema_pattern_count; i++) {
        enum regex_verdict verdict = regex_compile(a, schema_patterns[i], 0, &p->compiled[i], NULL);
        BUG_IF(verdict != REGEX_GOOD);
    }
    arena_unguard(a);
    return p;
}

void patterns_close(struct patterns *p)
{
    if (p)
        arena_free(p->arena);
}

bool patterns_match(const struct patterns *p, slice pattern, slice text, struct arena *a)
{
    for (size_t i = 0; i < schema_pattern_count; i++)
        if (slice_eq(schema_patterns[i], pattern))
            return regex_match(p->compiled[i], text, regex_scratch_new(a)) == REGEX_YES;
    bug(__FILE__, __LINE__, "a pattern that is not in the tables");
}
