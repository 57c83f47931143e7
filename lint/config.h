/* Finds and reads the settings file, .brgate.yaml. */
#ifndef BRGATE_CONFIG_H
#define BRGATE_CONFIG_H

#include "ignore.h"
#include "policy.h"

struct config {
    struct policy policy;
    const struct ignore_list *exclude; /* its patterns start from the folder of the file; NULL: none */
};

/* Reads the settings file that is named, or the nearest `.brgate.yaml` from the current folder upwards to the one that
 * holds `.git` (outside a repository only the current folder is looked at); without any, the defaults apply. False when
 * it cannot be read or has a fault ("FILE:LINE:COLUMN: ..."), or when `.brgate.yml` is there in its place. */
bool config_load(struct arena *a, const char *named, struct config *ret, struct error *reterr);

#endif
