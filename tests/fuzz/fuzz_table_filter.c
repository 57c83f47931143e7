/* Table filters: one rule a line. A single rule selects exactly what its negation leaves out. */
#include "fuzz.h"

#include "table_filter.h"

static void run(struct arena *a, slice s)
{
    struct regex_scratch *scratch = regex_scratch_new(a);
    struct filter_rule all;
    PROMISE(table_filter_parse(a, LIT("*.*"), FILTER_CASE_INSENSITIVE, &all, NULL) == FILTER_RULE);
    for (int lines = 0; s.n && lines < 20; lines++) {
        size_t n = slice_find_char(s, '\n');
        slice line = slice_cut(s, 0, n);
        s = n == SLICE_NONE ? (slice){0} : slice_from(s, n + 1);
        struct filter_rule rule;
        struct refusal why = {0};
        enum filter_line kind = table_filter_parse(a, line, FILTER_CASE_INSENSITIVE, &rule, &why);
        if (kind == FILTER_REFUSED || kind == FILTER_BEYOND)
            PROMISE((size_t)why.at + why.n <= line.n && why.why[0]);
        if (why.better[0]) {
            struct filter_rule instead;
            PROMISE(table_filter_parse(a, slice_of(why.better), FILTER_CASE_INSENSITIVE, &instead, NULL) ==
                    FILTER_RULE);
        }
        if (kind != FILTER_RULE)
            continue;
        slice schema = LIT("db1"), table = LIT("T-1");
        rule.negated = false;
        enum regex_outcome yes =
            table_filter_match(&rule, 1, FILTER_CASE_INSENSITIVE, schema, table, scratch);
        struct filter_rule rules[2] = {all, rule};
        rules[1].negated = true;
        enum regex_outcome no = table_filter_match(rules, 2, FILTER_CASE_INSENSITIVE, schema, table, scratch);
        PROMISE(yes == REGEX_TOO_COSTLY ? no == yes : yes != no);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    return fuzz_in_arena(run, bytes, size);
}
