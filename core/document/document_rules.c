/* The rules of the readers. */
#include "document_rules.h"

#define RULE(name, ...) const struct rule rule_##name = {__VA_ARGS__};
#include "document.def"
