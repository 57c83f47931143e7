/* The rules' levels, in an open-addressed table. */
#include "rule.h"

#include "bug.h"

static size_t slot_of(const struct rule_levels *levels, const struct rule *rule)
{
    /* The rules of a file are adjacent in memory: slots taken from their addresses without hashing would form long runs. */
    size_t i = (size_t)((uintptr_t)rule * UINT64_C(0x9e3779b97f4a7c15) >> 32) % RULE_SLOTS;
    while (levels->slots[i].rule && levels->slots[i].rule != rule)
        i = (i + 1) % RULE_SLOTS;
    return i;
}

struct rule_level *rule_levels_add(struct rule_levels *levels, const struct rule *rule)
{
    struct rule_level *level = &levels->slots[slot_of(levels, rule)];
    BUG_IF(level->rule);
    level->rule = rule;
    return level;
}

const struct rule_level *rule_level_of(const struct rule_levels *levels, const struct rule *rule)
{
    const struct rule_level *level = &levels->slots[slot_of(levels, rule)];
    BUG_IF(!level->rule);
    return level;
}

const char *severity_word(enum severity s)
{
    static const char *const words[] = {"off", "warning", "error"};
    return words[s];
}
