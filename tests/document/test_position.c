/* From offsets to lines and columns, and what a finding underlines. */
#include "check.h"

#include "brgate_limits.h"
#include "document.h"
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
    for (size_t i = 0; i < COUNT(rows); i++) {
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

static slice span(struct place place, slice text)
{
    uint32_t from, to;
    place_span(place, text, &from, &to);
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
    const struct node *plain = node_get(spec, LIT("plain")), *single = node_get(spec, LIT("single")),
                      *twice = node_get(spec, LIT("double")), *map = node_get(spec, LIT("map"));
    const struct {
        const char *label;
        struct place place;
        slice want;
    } rows[] = {
        {"value", at_value(plain), SLICE("abcdef")},
        {"key", at_key(plain), SLICE("plain")},
        {"part", at_part(plain, 1, 3), SLICE("bc")},
        {"quoted value", at_value(single), SLICE("'it''s *x'")},
        {"behind a doubled quote", at_part(single, 5, 7), SLICE("*x")},
        {"behind escapes", at_part(twice, 5, 6), SLICE("*")},
        {"an escape itself", at_part(twice, 3, 5), SLICE("\\u00e9")},
        {"part of a block", at_part(node_get(spec, LIT("block")), 4, 7), SLICE("|")},
        {"part of folded lines", at_part(node_get(spec, LIT("folded")), 3, 4), SLICE("\"a")},
        {"beyond the text", at_part(plain, 4, 90), SLICE("abcdef")},
        {"collection", at_value(map), SLICE("map")},
        {"missing member", at_missing(map, LIT("x")), SLICE("map")},
        {"missing at the root", at_missing(root, LIT("kind")), SLICE("spec:")},
        {"empty value", at_value(node_get(spec, LIT("empty"))), SLICE("empty")},
        {"defaulted", at_value(deep), SLICE("spec")},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_slice(rows[i].label, span(rows[i].place, all), rows[i].want);
}

static void json_strings_are_mapped_too(void **state)
{
    (void)state;
    static const char text[] = "[\"\\ud83d\\ude00\\\"x\", \"plain\"]";
    slice all = slice_of(text);
    struct findings f = findings_new(arena);
    const struct node *first = json_read(arena, all, &f)->first;
    assert_slice("behind a pair", span(at_part(first, 5, 6), all), LIT("x"));
    assert_slice("the pair", span(at_part(first, 0, 4), all), LIT("\\ud83d\\ude00"));
    assert_slice("plain", span(at_part(first->next, 1, 5), all), LIT("lain"));
}

static void spans_are_never_empty(void **state)
{
    (void)state;
    assert_slice("end", span(at_bytes(100, 100), LIT("ab\xc3\xa9")), LIT("\xc3\xa9"));
    assert_slice("middle", span(at_bytes(1, 1), LIT("a\xc3\xa9")), LIT("\xc3\xa9"));
    assert_slice("no text", span(at_bytes(1, 1), LIT("")), LIT(""));
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
