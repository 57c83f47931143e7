/* Table filters against the tables table_filter.tsv (grammar) and table_filter_match.tsv (meaning). */
#include "tsv.h"

#include "table_filter.h"

static struct arena *arena;

static void check_parse(const struct tsv_row *row)
{
    static const char *const lines[] = {"rule", "nothing", "import", "refused", "beyond"};
    for (int sensitivity = 0; sensitivity < 2; sensitivity++) {
        struct filter_rule rule;
        struct refusal why = {0};
        enum filter_line got =
            table_filter_parse(arena, row->column[0], (enum filter_case)sensitivity, &rule, &why);
        slice want = row->column[1];
        bool refused = want.p[0] == '!';
        assert_slice(row->label, slice_of(lines[got]), refused ? LIT("refused") : want);
        if (!refused)
            continue;
        if (slice_find(slice_of(why.why), slice_from(want, 1)) == SLICE_NONE)
            assert_slice(row->label, slice_of(why.why), slice_from(want, 1));
        assert_slice(row->label, slice_of(why.better), row->column[2]);
        if (row->columns < 4)
            continue;
        char place[32];
        snprintf(place, sizeof place, "%u:%u", why.at, why.n);
        assert_slice(row->label, slice_of(place), row->column[3]);
        assert_slice(row->label, slice_of(why.hint), row->column[4]);
    }
    arena_reset(arena);
}

static void lines_are_read_as_br_reads_them(void **state)
{
    (void)state;
    assert_true(tsv_each("tests/domain/table_filter.tsv", check_parse) >= 89);
}

static size_t read_rules(slice text, enum filter_case sensitivity, struct filter_rule *rules)
{
    size_t count = 0;
    for (bool last = false; !last;) {
        size_t n = slice_find(text, LIT(" ; "));
        last = n == SLICE_NONE;
        slice line = last ? text : slice_cut(text, 0, n);
        text = last ? text : slice_from(text, n + 3);
        count += table_filter_parse(arena, line, sensitivity, &rules[count], NULL) == FILTER_RULE;
    }
    return count;
}

static void check_match(const struct tsv_row *row)
{
    for (int sensitivity = 0; sensitivity < 2; sensitivity++) {
        struct filter_rule rules[10];
        size_t count = read_rules(row->column[0], (enum filter_case)sensitivity, rules);
        enum regex_outcome got = table_filter_match(rules, count, (enum filter_case)sensitivity,
                                                    row->column[1], row->column[2], regex_scratch_new(arena));
        assert_slice(row->label, got == REGEX_YES ? LIT("yes") : LIT("no"), row->column[3 + sensitivity]);
    }
    arena_reset(arena);
}

static void tables_are_selected_as_br_selects_them(void **state)
{
    (void)state;
    assert_true(tsv_each("tests/domain/table_filter_match.tsv", check_match) >= 47);
}

/* Whatever the list: the last of its rules that matches alone decides. */
static void the_last_matching_rule_decides(void **state)
{
    (void)state;
    static const char *const lines[] = {"*.*",     "db?.*",    "!db1.*",     "db1.t1", "!*.t?", "/^d/.*",
                                        "!/1$/.*", "`db1`.t2", "!d*.t[0-1]", "DB2.*",  ".x",    "!中.*"};
    static const char *const schemas[] = {"db1", "db2", "x", "DB1", "中"};
    static const char *const tables[] = {"t1", "t2", "T1", "table"};
    enum { LINES = COUNT(lines), LENGTH = 4 };
    for (unsigned seed = 0; seed < 20000; seed += 7) {
        struct filter_rule rules[LENGTH], single;
        unsigned pick = seed;
        struct regex_scratch *scratch = regex_scratch_new(arena);
        for (int i = 0; i < LENGTH; i++, pick /= LINES)
            table_filter_parse(arena, slice_of(lines[pick % LINES]), FILTER_CASE_INSENSITIVE, &rules[i],
                               NULL);
        slice schema = slice_of(schemas[seed % 5]), table = slice_of(tables[seed % 4]);
        enum regex_outcome want = REGEX_NO;
        for (int i = 0; i < LENGTH; i++) {
            single = rules[i];
            single.negated = false;
            if (table_filter_match(&single, 1, FILTER_CASE_INSENSITIVE, schema, table, scratch) == REGEX_YES)
                want = rules[i].negated ? REGEX_NO : REGEX_YES;
        }
        assert_int_equal(table_filter_match(rules, LENGTH, FILTER_CASE_INSENSITIVE, schema, table, scratch),
                         want);
        arena_reset(arena);
    }
}

static void what_rules_ask(void **state)
{
    (void)state;
    static const struct {
        const char *rules;
        bool nothing, none;
    } rows[] = {
        {"*.*", false, false}, {"!*.*", true, false},     {"!a.b ; !c.d", true, false},
        {".tbl", true, true},  {"/foo/.*", false, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct filter_rule rules[10];
        size_t count = read_rules(slice_of(rows[i].rules), FILTER_CASE_INSENSITIVE, rules);
        assert_row(rows[i].rules, filter_selects_nothing(rules, count) == rows[i].nothing);
        assert_row(rows[i].rules, filter_rule_matches_none(&rules[0]) == rows[i].none);
    }
    struct filter_rule import;
    assert_int_equal(table_filter_parse(arena, LIT(" @a b.txt "), FILTER_CASE_INSENSITIVE, &import, NULL),
                     FILTER_IMPORT);
    assert_slice("import", import.schema.text, LIT("a b.txt"));
}

int main(void)
{
    arena = arena_new(1 << 28);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_read_as_br_reads_them),
        cmocka_unit_test(tables_are_selected_as_br_selects_them),
        cmocka_unit_test(the_last_matching_rule_decides),
        cmocka_unit_test(what_rules_ask),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    return failed;
}
