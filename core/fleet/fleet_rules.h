/* The rules of across.def, for the file that reports them. */
#ifndef BRGATE_FLEET_RULES_H
#define BRGATE_FLEET_RULES_H

#include "rule.h"

extern const struct rule rule_shared_prefix, rule_nested_prefix, rule_nested_prefix_kept,
    rule_log_and_snapshot_same_prefix, rule_two_clusters_one_prefix, rule_second_log_backup,
    rule_log_name_clash, rule_schedules_overlap, rule_duplicate_object;

#endif
