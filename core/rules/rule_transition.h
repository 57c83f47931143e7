/* What the checks of changes share. */
#ifndef BRGATE_RULE_TRANSITION_H
#define BRGATE_RULE_TRANSITION_H

#include "checks.h"

/* Reports under `rule` what moves the data of a backup to another place. */
void check_moved(struct rule_run *run, const struct rule *rule, const struct storage *now,
                 const struct storage *before);

#endif
