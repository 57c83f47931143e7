#include "patterns.h"

#include "bug.h"
#include "regex.h"

struct patterns {
    struct arena *arena;           /* owns everything, itself included */
    const struct regex **compiled; /* beside schema_patterns */
};

struct opening {
    struct arena *arena;
    struct patterns *opened;
};

static void compile_all(void *context)
{
    struct opening *o = context;
    struct patterns *p = o->opened = ARENA_NEW(o->arena, struct patterns);
    p->arena = o->arena;
    p->compiled = ARENA_ARRAY(o->arena, const struct regex *, schema_pattern_count);
    for (size_t i = 0; i < schema_pattern_count; i++) {
        enum regex_verdict verdict = regex_compile(o->arena, schema_patterns[i], 0, &p->compiled[i], NULL);
        BUG_IF(verdict != REGEX_GOOD);
    }
}

struct patterns *patterns_open(void)
{
    struct opening o = {.arena = arena_new((size_t)64 << 20)};
    if (o.arena && arena_run(o.arena, compile_all, &o))
        return o.opened;
    arena_free(o.arena);
    return NULL;
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
