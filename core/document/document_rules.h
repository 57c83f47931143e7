/* The rules of document.def, for the files that report them. */
#ifndef BRGATE_DOCUMENT_RULES_H
#define BRGATE_DOCUMENT_RULES_H

#include "rule.h"

extern const struct rule rule_yaml_syntax, rule_json_syntax, rule_duplicate_key, rule_tag_without_value,
    rule_document_too_deep, rule_document_too_large;

#endif
