/* The rules that need a cluster. */
#include "audit_rules.h"

#define RULE(name, ...) const struct rule rule_##name = {__VA_ARGS__};
#include "audit.def"
