/* The rules of audit.def, for the file that reports them. */
#ifndef BRGATE_AUDIT_RULES_H
#define BRGATE_AUDIT_RULES_H

#include "rule.h"

extern const struct rule rule_secret_missing, rule_secret_keys, rule_service_account_missing,
    rule_service_account_rights, rule_cluster_missing, rule_cluster_too_old;

#endif
