/* Which rules an object meets. */
#include "rule.h"

void rules_judge(struct rule_run *run)
{
    const struct object *o = run->object;
    if (run->context == CONTEXT_DELETE) {
        judge_deletion(run);
        return;
    }
    judge_metadata(run);
    if (o->backup->node)
        judge_backup(run, o->backup);
    if (o->schedule->node)
        judge_schedule(run, o->schedule);
    if (o->compact->node)
        judge_compact(run, o->compact);
    if (run->old)
        judge_transition(run);
}
