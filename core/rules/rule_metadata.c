/* The metadata checks that the API server makes of every object. */
#include "rule.h"

void judge_metadata(struct rule_run *run)
{
    const struct metadata *m = &run->object->metadata;
    if (m->node && text_empty(&m->name) && text_empty(&m->generate_name))
        rule_missing(run, RULE_metadata_name, m->node, "name", &m->name, "name or generateName is required");
}
