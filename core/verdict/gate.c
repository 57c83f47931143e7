/* What all judging shares: the policy, the rules' levels by it, the schemas. */
#include "judge.h"

enum { SCHEMAS_BYTES = 64 << 20 };

static void load_schemas(void *gate)
{
    struct gate *g = gate;
    g->schemas = schema_set_builtin(g->arena);
}

struct gate *gate_open(const struct policy *policy)
{
    struct arena *a = arena_new(SCHEMAS_BYTES);
    struct gate *g = a ? arena_try(a, sizeof *g) : NULL;
    if (!g) {
        arena_free(a);
        return NULL;
    }
    g->arena = a;
    g->policy = *policy;
    for (size_t r = 0; r < rule_count(); r++) {
        struct rule_level *level = rule_levels_add(&g->levels, rule_at(r));
        level->number = (uint16_t)r;
        for (unsigned c = 0; c < CONTEXT_COUNT; c++)
            level->severity[c] = (uint8_t)policy_severity(policy, r, (enum context)c);
    }
    if (arena_run(a, load_schemas, g))
        return g;
    gate_close(g);
    return NULL;
}

void gate_close(struct gate *g)
{
    if (g)
        arena_free(g->arena);
}
