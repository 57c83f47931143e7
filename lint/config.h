/* Where a team keeps what it has decided about the rules. */
#ifndef BRGATE_CONFIG_H
#define BRGATE_CONFIG_H

#include "policy.h"

/* The nearest `.brgate.yaml` from the current folder upwards to the folder that holds `.git`; outside a
 * repository only the current folder is looked at. NULL when there is none. */
const char *config_find(struct arena *a);

/* Reads a configuration file over the policy. False and one line for the user ("FILE:LINE:COLUMN: ...") when
 * it cannot be read or has a fault. */
bool config_read(struct policy *policy, struct arena *a, const char *path, struct error *reterr);

#endif
