/* The rules of this layer. */
#include "verdict_rules.h"

#define RULE(name, ...) const struct rule rule_##name = {__VA_ARGS__};
#include "verdict.def"
