/* The rules of verdict.def, for the files that report them. */
#ifndef BRGATE_VERDICT_RULES_H
#define BRGATE_VERDICT_RULES_H

#include "rule.h"

extern const struct rule rule_api_version, rule_suppression, rule_too_many_findings;

#endif
