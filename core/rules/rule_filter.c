/* Table filters. */
#include "rule_backup.h"

void judge_filter(struct rule_run *run, const struct backup_spec *spec)
{
    (void)run;
    (void)spec;
}
