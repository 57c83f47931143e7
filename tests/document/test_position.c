/* From offsets to lines and columns, and what a finding underlines. */
#include "check.h"

#include "ceilings.h"
#include "position.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(64 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void columns_count_code_points(void **state)
{
    (void)state;
    static const char text[] =
        "\xef\xbb\xbf\xc3\xa9=1\r\n\r\n\xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x98\x80x\nlast";
    slice all = {text, sizeof text - 1};
    const struct line_table *t = line_table_new(arena, all);
    const struct {
        const char *at;
        uint32_t line, column;
    } rows[] = {
        {"\xc3\xa9", 1, 1},     {"=1", 1, 2},  {"\r\n\r\n", 1, 4}, {"\r\n\xe4", 2, 1},
        {"\xe4\xb8\xad", 3, 1}, {"x\n", 3, 5}, {"last", 4, 1},     {"ast", 4, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t offset = (uint32_t)slice_find(all, slice_of(rows[i].at));
        struct position p = position_of(t, offset);
        assert_row(rows[i].at, p.line == rows[i].line && p.column == rows[i].column);
    }
    struct position end = position_of(t, 1000000);
    assert_true(end.line == 4 && end.column == 5);
    assert_slice("1", line_text(t, 1), LIT("\xc3\xa9=1"));
    assert_slice("2", line_text(t, 2), LIT(""));
    assert_slice("4", line_text(t, 4), LIT("last"));
    assert_slice("0", line_text(t, 0), LIT(""));
    assert_slice("5", line_text(t, 5), LIT(""));
    assert_true(position_of(line_table_new(arena, LIT("")), 0).line == 1);
    assert_slice("after", line_text(line_table_new(arena, LIT("a\n")), 2), LIT(""));
}

static slice span(const struct finding *x, slice text)
{
    uint32_t from, to;
    finding_span(x, text, &from, &to);
    return slice_cut(text, from, to - from);
}

static void findings_underline_what_they_mean(void **state)
{
    (void)state;
    static const char text[] = "spec:\n"
                               "  plain: abcdef\n"
                               "  single: 'it''s *x'\n"
                               "  double: \"a\\tb\\u00e9*c\"\n"
                               "  block: |\n    one\n    two\n"
                               "  folded: \"a\n    b*c\"\n"
                               "  map: {k: 1}\n"
                               "  empty:\n";
    slice all = slice_of(text);
    struct findings f = findings_new(arena);
    struct node *root = stream_read(arena, all, &f)->first->root, *spec = node_get(root, LIT("spec"));
    struct node *added = node_new(arena, NODE_OBJECT, NODE_DEFAULTED),
                *deep = node_new(arena, NODE_INT, NODE_DEFAULTED);
    added->key = LIT("added");
    deep->key = LIT("deep");
    node_append(spec, added);
    node_append(added, deep);
    const struct {
        const char *label;
        const char *path;
        bool at_key;
        const char *child;
        uint32_t from, to;
        slice want;
    } rows[] = {
        {"value", "spec.plain", false, NULL, 0, 0, SLICE("abcdef")},
        {"key", "spec.plain", true, NULL, 0, 0, SLICE("plain")},
        {"part", "spec.plain", false, NULL, 1, 3, SLICE("bc")},
        {"quoted value", "spec.single", false, NULL, 0, 0, SLICE("'it''s *x'")},
        {"behind a doubled quote", "spec.single", false, NULL, 5, 7, SLICE("*x")},
        {"behind escapes", "spec.double", false, NULL, 5, 6, SLICE("*")},
        {"an escape itself", "spec.double", false, NULL, 3, 5, SLICE("\\u00e9")},
        {"part of a block", "spec.block", false, NULL, 4, 7, SLICE("|")},
        {"part of folded lines", "spec.folded", false, NULL, 3, 4, SLICE("\"a")},
        {"beyond the text", "spec.plain", false, NULL, 4, 90, SLICE("abcdef")},
        {"collection", "spec.map", false, NULL, 0, 0, SLICE("map")},
        {"missing child", "spec.map", false, "x", 0, 0, SLICE("map")},
        {"missing at the root", "", false, "kind", 0, 0, SLICE("spec:")},
        {"empty value", "spec.empty", false, NULL, 0, 0, SLICE("empty")},
        {"defaulted", "spec.added.deep", false, NULL, 0, 0, SLICE("spec")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct finding x = {.node = *rows[i].path ? node_at(root, rows[i].path) : root,
                            .at_key = rows[i].at_key,
                            .child = slice_of(rows[i].child),
                            .from = rows[i].from,
                            .to = rows[i].to};
        assert_row(rows[i].label, x.node != NULL);
        assert_slice(rows[i].label, span(&x, all), rows[i].want);
    }
}

static void json_strings_are_mapped_too(void **state)
{
    (void)state;
    static const char text[] = "[\"\\ud83d\\ude00\\\"x\", \"plain\"]";
    slice all = slice_of(text);
    struct findings f = findings_new(arena);
    const struct node *first = json_read(arena, all, &f)->first;
    struct finding x = {.node = first, .from = 5, .to = 6};
    assert_slice("behind a pair", span(&x, all), LIT("x"));
    x = (struct finding){.node = first, .from = 0, .to = 4};
    assert_slice("the pair", span(&x, all), LIT("\\ud83d\\ude00"));
    x = (struct finding){.node = first->next, .from = 1, .to = 5};
    assert_slice("plain", span(&x, all), LIT("lain"));
}

static void spans_are_never_empty(void **state)
{
    (void)state;
    struct finding x = {.from = 100, .to = 100};
    assert_slice("end", span(&x, LIT("ab\xc3\xa9")), LIT("\xc3\xa9"));
    x = (struct finding){.from = 1, .to = 1};
    assert_slice("middle", span(&x, LIT("a\xc3\xa9")), LIT("\xc3\xa9"));
    assert_slice("no text", span(&x, LIT("")), LIT(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(columns_count_code_points, setup, teardown),
        cmocka_unit_test_setup_teardown(findings_underline_what_they_mean, setup, teardown),
        cmocka_unit_test_setup_teardown(json_strings_are_mapped_too, setup, teardown),
        cmocka_unit_test_setup_teardown(spans_are_never_empty, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
