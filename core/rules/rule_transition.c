/* From the old object to the new one, and the end of an object. */
#include "rule.h"

void judge_transition(struct rule_run *run)
{
    (void)run;
}

void judge_deletion(struct rule_run *run)
{
    (void)run;
}
