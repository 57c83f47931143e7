/* What all judging shares: the policy, the rules' levels by it, the schemas. */
#include "judge.h"

enum { GATE_BYTES = 64 << 20 };

static void set_policy(struct gate *g, const struct policy *policy)
{
    g->policy = *policy;
    g->policy.docs = arena_copy(g->arena, policy->docs);
    g->policy.namespaces = NULL;
    g->policy.namespaces_count = 0;
    for (size_t r = 0; r < rule_count(); r++) {
        struct rule_level *level = rule_levels_add(&g->levels, rule_at(r));
        level->number = (uint16_t)r;
        for (unsigned c = 0; c < CONTEXT_COUNT; c++)
            level->severity[c] = (uint8_t)policy_severity(policy, r, (enum context)c);
    }
}

static void set_namespaces(struct gate *g, const struct policy *policy)
{
    g->of_namespaces = ARENA_ARRAY(g->arena, struct gate_namespaces, policy->namespaces_count);
    g->of_namespaces_count = policy->namespaces_count;
    for (size_t i = 0; i < policy->namespaces_count; i++) {
        const struct policy_namespaces *from = &policy->namespaces[i];
        struct gate_namespaces *to = &g->of_namespaces[i];
        slice *names = ARENA_ARRAY(g->arena, slice, from->name_count);
        for (size_t n = 0; n < from->name_count; n++)
            names[n] = arena_copy(g->arena, from->names[n]);
        to->names = names;
        to->name_count = from->name_count;
        to->gate.schemas = g->schemas;
        to->gate.arena = g->arena;
        set_policy(&to->gate, &from->policy);
    }
}

struct opening {
    struct gate *gate;
    const struct policy *policy;
    const struct schema_tables *schemas;
};

static void fill(void *context)
{
    const struct opening *o = context;
    o->gate->schemas = schema_set_new(o->gate->arena, o->schemas);
    set_policy(o->gate, o->policy);
    set_namespaces(o->gate, o->policy);
}

struct gate *gate_open(const struct policy *policy, const struct schema_tables *schemas)
{
    struct arena *a = arena_new(GATE_BYTES);
    struct gate *g = a ? arena_try(a, sizeof *g) : NULL;
    if (!g) {
        arena_free(a);
        return NULL;
    }
    g->arena = a;
    if (arena_run(a, fill, &(struct opening){g, policy, schemas}))
        return g;
    gate_close(g);
    return NULL;
}

const struct gate *gate_in(const struct gate *g, slice namespace)
{
    for (size_t i = 0; i < g->of_namespaces_count; i++)
        if (policy_names_match(g->of_namespaces[i].names, g->of_namespaces[i].name_count, namespace))
            return &g->of_namespaces[i].gate;
    return g;
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
