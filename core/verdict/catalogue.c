/* The rules, joined. */
#include "catalogue.h"

#include "suggest.h"

#define RULE(name, ...)        extern const struct rule rule_##name;
#define ALSO(name, check, ...) extern const struct rule rule_##name;
#define CHECK(name)
#include "catalogue.def"
#undef RULE
#undef ALSO

#define RULE(name, ...)        &rule_##name,
#define ALSO(name, check, ...) &rule_##name,
static const struct rule *const rules[] = {
#include "catalogue.def"
};
#undef RULE
#undef ALSO
#undef CHECK

enum { RULE_COUNT = COUNT(rules) };
_Static_assert(COUNT(rules) <= RULES_MOST && 2 * COUNT(rules) <= RULE_SLOTS,
               "more rules than there is room for");

size_t rule_count(void)
{
    return RULE_COUNT;
}

const struct rule *rule_at(size_t number)
{
    return rules[number];
}

bool rule_find(slice slug, size_t *ret_number)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (!slice_eq(slug, slice_of(rules[i]->slug)))
            continue;
        *ret_number = i;
        return true;
    }
    return false;
}

slice rule_nearest(slice slug)
{
    slice slugs[RULE_COUNT];
    for (size_t i = 0; i < RULE_COUNT; i++)
        slugs[i] = slice_of(rules[i]->slug);
    return suggest_nearest(slug, slugs, RULE_COUNT);
}
