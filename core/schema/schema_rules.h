/* The rules of schema.def, for the files that report them. */
#ifndef BRGATE_SCHEMA_RULES_H
#define BRGATE_SCHEMA_RULES_H

#include "rule.h"

extern const struct rule rule_unknown_field, rule_schema_type, rule_schema_required, rule_schema_enum,
    rule_schema_range, rule_schema_length, rule_schema_pattern, rule_schema_format,
    rule_schema_duplicate_item, rule_schema_validation;

#endif
