#include "finding.h"

#define E SEVERITY_ERROR
#define W SEVERITY_WARNING
#define O SEVERITY_OFF

static const struct rule_info rules[RULE_COUNT] = {
#define RULE(id, slug, in_manifest, on_create, on_update, on_delete, what, why, fix, source, bad, good)      \
    [RULE_##id] = {slug, {in_manifest, on_create, on_update, on_delete}, what, why, fix, source, bad, good},
#include "catalogue.def"
#undef RULE
};

const struct rule_info *rule_info(enum rule_id id)
{
    return &rules[id];
}

bool rule_by_slug(slice slug, enum rule_id *ret)
{
    for (unsigned i = 0; i < RULE_COUNT; i++) {
        if (slice_eq(slug, slice_of(rules[i].slug))) {
            *ret = (enum rule_id)i;
            return true;
        }
    }
    return false;
}
