/* The rules that compare the objects of a run. */
#include "fleet_rules.h"

#define RULE(name, ...) const struct rule rule_##name = {__VA_ARGS__};
#include "across.def"
