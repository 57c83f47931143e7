/* The rules of the explaining stage. */
#include "explain.h"

#define RULE(name, ...) const struct rule rule_##name = {__VA_ARGS__};
#include "explain.def"
