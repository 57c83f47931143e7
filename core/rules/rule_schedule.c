/* BackupSchedules. */
#include "rule.h"

void judge_schedule(struct rule_run *run, const struct schedule_spec *spec)
{
    if (spec->backup_template.node)
        judge_backup(run, &spec->backup_template);
    if (spec->log_backup_template.node)
        judge_backup(run, &spec->log_backup_template);
    if (spec->compact_template.node)
        judge_compact(run, &spec->compact_template);
}
