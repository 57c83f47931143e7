/* Judging one object: what README's picture shows. */
#include "judge.h"

#include "defaults.h"

const struct resource *judge_stored(struct evaluation *j, const struct schema_kind *kind, struct node *root)
{
    struct schema_run run = {j->arena, j->findings, j->gate->schemas, j->scratch};
    schema_default(&run, kind->schema, root);
    return resource_decode(j->arena, api_group_of(kind->group), resource_kind_of(kind->kind), root);
}

static const struct resource *judge_new(struct evaluation *j, const struct schema_kind *kind,
                                        struct node *root)
{
    struct schema_run run = {j->arena, j->findings, j->gate->schemas, j->scratch};
    schema_apply(&run, kind->schema, root); /* prune, drop nulls, default, check */
    return resource_decode(j->arena, api_group_of(kind->group), resource_kind_of(kind->kind), root);
}

const struct resource *judge_object(struct evaluation *j, const struct schema_kind *kind, struct node *root,
                                    const struct resource *old)
{
    if (j->context == CONTEXT_MANIFEST)
        rules_mark_placeholders(root);
    bool goes = j->context == CONTEXT_DELETE; /* it cannot be corrected: schema findings are dropped */
    const struct resource *object = goes ? judge_stored(j, kind, root) : judge_new(j, kind, root);
    rules_judge(&(struct rule_run){j->arena, j->findings, j->context, j->now, object, old});
    rules_explain(j->findings, j->context, j->gate->schemas, kind);
    return object;
}

void judge_default(const struct gate *g, struct arena *a, const struct resource *object, struct node *root,
                   const struct node *old_root)
{
    enum defaults_mode mode = g->policy.defaults;
    if (mode != DEFAULTS_NONE)
        defaults_apply(a, mode == DEFAULTS_DOCUMENTED, object, root, old_root);
}

struct findings judge_findings(const struct gate *g, struct arena *a, enum context context)
{
    struct findings f = findings_new(a);
    f.levels = &g->levels;
    f.context = context;
    return f;
}
