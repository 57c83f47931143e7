/* CompactBackups, and the compaction template of a schedule. */
#include "rule.h"

void judge_compact(struct rule_run *run, const struct compact_spec *spec)
{
    judge_job(run, &spec->job, spec->node);
}
