/* The rules of the schema engine. */
#include "schema_rules.h"

#define RULE(name, ...) const struct rule rule_##name = {__VA_ARGS__};
#include "schema.def"
