/* The option --enforcement. */
#ifndef BRGATE_ENFORCEMENT_OPTION_H
#define BRGATE_ENFORCEMENT_OPTION_H

#include "options.h"
#include "policy.h"

/* A row of an option table. */
#define OPTION_ENFORCEMENT(s, field)                                                                         \
    OPTION_ROW("--enforcement", OPTION_IS_TAKEN, OPTION_AT(s, field, enum enforcement)),                     \
        .take = enforcement_take

/* The function of that row. */
bool enforcement_take(void *settings, const struct option *o, const char *value, struct error *reterr);

#endif
