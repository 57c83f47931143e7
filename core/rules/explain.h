/* Shared by the files of the explaining stage. */
#ifndef BRGATE_EXPLAIN_H
#define BRGATE_EXPLAIN_H

#include "checks.h"

extern const struct rule rule_wrong_group_field, rule_provider_unknown, rule_logstop_and_subcommand;

/* Completes the finding of an unknown field, whose place is the field's key. */
void explain_unknown(struct finding *x, const struct schema_set *schemas, const struct schema_kind *kind);

/* Completes the finding of an empty required block that lost the indentation of its fields: names the lines that belong
 * to it. */
void explain_emptied(struct finding *x, const struct schema_kind *kind);

#endif
