/* Where a backup's data lies: what may not change once there is data. */
#include "rule_transition.h"

static void report_moved(struct rule_run *run, const struct rule *rule, const struct node *block,
                         struct storage_member now, const struct node *before)
{
    slice was = before ? node_value(run->arena, before) : LIT("not set");
    struct finding *x = finding_at(run->findings, rule, FIELD_INVALID,
                                   now.node ? at_value(now.node) : at_missing(block, slice_of(now.name)),
                                   "%.*s: field is immutable once the backup has started, was %.*s",
                                   FMT(now.node ? node_value(run->arena, now.node) : LIT("null")), FMT(was));
    finding_hint(x, "the next command or cleanup would go to the new place: create a new Backup");
}

static void report_other_type(struct rule_run *run, const struct rule *rule, const struct storage *now,
                              const struct storage *before)
{
    struct finding *x =
        finding_at(run->findings, rule, FIELD_FORBIDDEN, at_key(storage_node(now)),
                   "field is immutable once the backup has started, was %s", storage_type_name(before->used));
    finding_hint(x, "create a new Backup");
}

/* TiKV writes at the path that the pod has the volume at. */
static void check_mount(struct rule_run *run, const struct rule *rule, const struct local *now,
                        const struct local *before)
{
    const struct text *path = &now->mount_path, *old = &before->mount_path;
    if (text_known(path) && text_known(old) && !slice_eq(path->value, old->value))
        report_moved(run, rule, now->node, (struct storage_member){"volumeMount", path->node}, old->node);
}

void check_moved(struct rule_run *run, const struct rule *rule, const struct storage *now,
                 const struct storage *before)
{
    struct location here = storage_location(run->arena, now), there = storage_location(run->arena, before);
    unsigned differs = location_compare(&here, &there).differs;
    if (differs & LOCATION_TYPE) {
        report_other_type(run, rule, now, before);
        return;
    }
    for (unsigned i = 0; i < LOCATION_FIELDS; i++) {
        enum location_field field = (enum location_field)(1u << i);
        if (differs & field)
            report_moved(run, rule, storage_node(now), storage_member(now, field),
                         storage_member(before, field).node);
    }
    if (here.type == STORAGE_LOCAL && there.type == STORAGE_LOCAL)
        check_mount(run, rule, &now->local, &before->local);
}
