/* What all judging shares: the policy, the rules' levels by it, the schemas. */
#include "judge.h"

enum { SCHEMAS_BYTES = 64 << 20 };

struct loading {
    struct gate *gate;
    const struct schema_tables *tables;
};

static void load_schemas(void *context)
{
    const struct loading *l = context;
    l->gate->schemas = schema_set_new(l->gate->arena, l->tables);
}

struct gate *gate_open(const struct policy *policy, const struct schema_tables *schemas)
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
    struct loading loading = {g, schemas};
    if (arena_run(a, load_schemas, &loading))
        return g;
    gate_close(g);
    return NULL;
}

void gate_close(struct gate *g)
{
    if (g)
        arena_free(g->arena);
}

const struct schema_kind *gate_kind(const struct gate *g, slice api_version, slice kind)
{
    return schema_find(g->schemas, api_version, kind);
}
