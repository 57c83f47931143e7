/* Shared by the checks of changes. */
#ifndef BRGATE_RULE_TRANSITION_H
#define BRGATE_RULE_TRANSITION_H

#include "checks.h"

/* Reports, under `rule`, a change of the storage that moves the backup's data to another place. */
void check_moved(struct rule_run *run, const struct rule *rule, const struct storage *now,
                 const struct storage *before);

#endif
