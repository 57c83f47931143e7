/* Judging one object: what README's picture shows. */
#include "judge.h"

static enum api_group group_of(const struct schema_kind *kind)
{
    return slice_eq(kind->group, LIT("br.pingcap.com")) ? GROUP_BR : GROUP_PINGCAP;
}

static enum resource_kind kind_of(const struct schema_kind *kind)
{
    if (slice_eq(kind->kind, LIT("Backup")))
        return KIND_BACKUP;
    return slice_eq(kind->kind, LIT("BackupSchedule")) ? KIND_BACKUP_SCHEDULE : KIND_COMPACT_BACKUP;
}

const struct resource *judge_stored(struct judging *j, const struct schema_kind *kind, struct node *root)
{
    struct schema_run run = {j->arena, j->findings, j->gate->schemas, j->scratch};
    schema_default(&run, kind->schema, root);
    return resource_decode(j->arena, group_of(kind), kind_of(kind), root);
}

static const struct resource *judge_new(struct judging *j, const struct schema_kind *kind, struct node *root)
{
    struct schema_run run = {j->arena, j->findings, j->gate->schemas, j->scratch};
    schema_apply(&run, kind->schema, root); /* prune, drop nulls, default, check */
    return resource_decode(j->arena, group_of(kind), kind_of(kind), root);
}

const struct resource *judge_object(struct judging *j, const struct schema_kind *kind, struct node *root,
                                    const struct resource *old)
{
    if (j->context == CONTEXT_MANIFEST)
        rules_mark_placeholders(root);
    bool goes = j->context == CONTEXT_DELETE; /* it cannot be corrected: schema findings are dropped */
    const struct resource *object = goes ? judge_stored(j, kind, root) : judge_new(j, kind, root);
    rules_judge(&(struct rule_run){j->arena, j->findings, j->context, j->now, object, old});
    rules_explain(j->findings, j->context, kind);
    return object;
}

struct findings judge_findings(const struct gate *g, struct arena *a, enum context context)
{
    struct findings f = findings_new(a);
    f.levels = &g->levels;
    f.context = context;
    return f;
}
