/* Backup specs: a Backup's own, and the templates of a schedule. */
#include "rule.h"

static backup_rule *const rules[] = {
    judge_log,
    storageclass_ignored,
};

void judge_backup(struct rule_run *run, const struct backup_spec *spec)
{
    judge_job(run, &spec->job, spec->node);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        rules[i](run, spec);
}
