/* Matching by rules, and what can be said about a list of them. */
#include "table_filter.h"

#include "ascii.h"

/* Go lower-cases names as Unicode has it; beyond ASCII the regular expressions fold. */
static slice lowered(struct arena *a, slice s)
{
    char *copy = arena_alloc(a, 1, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        copy[i] = ascii_lower(s.p[i]);
    return (slice){copy, s.n};
}

static enum regex_outcome pattern_match(const struct filter_pattern *p, slice name,
                                        enum filter_case sensitivity, struct regex_scratch *scratch)
{
    if (p->kind == PATTERN_ALL)
        return REGEX_YES;
    if (p->re)
        return regex_match(p->re, name, scratch);
    bool same =
        sensitivity == FILTER_CASE_SENSITIVE ? slice_eq(p->text, name) : slice_eq_nocase(p->text, name);
    return same ? REGEX_YES : REGEX_NO;
}

enum regex_outcome table_filter_match(const struct filter_rule *rules, size_t count,
                                      enum filter_case sensitivity, slice schema, slice table,
                                      struct regex_scratch *scratch)
{
    if (sensitivity == FILTER_CASE_INSENSITIVE) {
        schema = lowered(regex_scratch_arena(scratch), schema);
        table = lowered(regex_scratch_arena(scratch), table);
    }
    for (size_t i = count; i > 0; i--) {
        const struct filter_rule *r = &rules[i - 1];
        enum regex_outcome outcome = pattern_match(&r->schema, schema, sensitivity, scratch);
        if (outcome == REGEX_YES)
            outcome = pattern_match(&r->table, table, sensitivity, scratch);
        if (outcome == REGEX_TOO_COSTLY)
            return outcome;
        if (outcome == REGEX_YES)
            return r->negated ? REGEX_NO : REGEX_YES;
    }
    return REGEX_NO;
}

static bool is_empty_name(const struct filter_pattern *p)
{
    return p->kind == PATTERN_TEXT && p->text.n == 0;
}

bool filter_rule_matches_none(const struct filter_rule *rule)
{
    return is_empty_name(&rule->schema) || is_empty_name(&rule->table);
}

bool filter_selects_nothing(const struct filter_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!rules[i].negated && !filter_rule_matches_none(&rules[i]))
            return false;
    return true;
}
