/* Patterns as git reads them; the answers are those of `git check-ignore`. */
#include "check.h"

#include "ignore.h"

static const struct {
    const char *patterns; /* lines */
    const char *path;     /* below the base; with a slash at the end: a folder */
    enum ignore_answer answer;
} rows[] = {
    {"a", "a", IGNORE_OUT},
    {"a", "x/a", IGNORE_OUT},
    {"a", "ab", IGNORE_SILENT},
    {"/a", "x/a", IGNORE_SILENT},
    {"/a", "a/", IGNORE_OUT},
    {"a/", "a", IGNORE_SILENT},
    {"a/", "x/a/", IGNORE_OUT},
    {"x/a", "x/a", IGNORE_OUT},
    {"x/a", "y/x/a", IGNORE_SILENT},
    {"*.yaml", "x/a.yaml", IGNORE_OUT},
    {"*.yaml", "x/a.yml", IGNORE_SILENT},
    {"charts/*/templates/", "charts/one/templates/", IGNORE_OUT},
    {"charts/*/templates/", "charts/one/two/templates/", IGNORE_SILENT},
    {"charts/**/templates", "charts/templates/", IGNORE_OUT},
    {"charts/**/templates", "charts/one/two/templates/", IGNORE_OUT},
    {"**/b", "b", IGNORE_OUT},
    {"**/b", "x/y/b", IGNORE_OUT},
    {"a/**", "a/", IGNORE_SILENT},
    {"a/**", "a/b", IGNORE_OUT},
    {"a**b", "axxb", IGNORE_OUT},
    {"?", "a", IGNORE_OUT},
    {"??", "a", IGNORE_SILENT},
    {"[a-c]x", "bx", IGNORE_OUT},
    {"[!a-c]x", "bx", IGNORE_SILENT},
    {"[^a-c]x", "dx", IGNORE_OUT},
    {"[]x]", "]", IGNORE_OUT},
    {"[a-]", "-", IGNORE_OUT},
    {"[[:digit:]]", "7", IGNORE_OUT},
    {"[[:digit:]]", "d", IGNORE_SILENT},
    {"[x", "[x", IGNORE_SILENT},
    {"\\#a", "#a", IGNORE_OUT},
    {"#a", "#a", IGNORE_SILENT},
    {"\\!a", "!a", IGNORE_OUT},
    {"\\*", "*", IGNORE_OUT},
    {"\\*", "a", IGNORE_SILENT},
    {"a  ", "a", IGNORE_OUT},
    {"a\\ ", "a ", IGNORE_OUT},
    {"a\r\nb", "a", IGNORE_OUT},
    {"*\n!a", "a", IGNORE_IN},
    {"!a\n*", "a", IGNORE_OUT},
    {"*\n!b", "a", IGNORE_OUT},
    {"\n \n/\n!\n", "a", IGNORE_SILENT},
    {"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     IGNORE_SILENT},
    {"**/a/**/a/**/a/**/a/**/a/**/b", "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a",
     IGNORE_SILENT},
};

static void test_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena *a = arena_new(1 << 20);
        struct ignore_list *list = ignore_new(a, "/base");
        slice path = arena_fmt(a, "/base/%s", rows[i].path);
        bool folder = slice_ends(path, LIT("/"));
        ignore_add_lines(a, list, slice_of(rows[i].patterns));
        path.n -= folder;
        enum ignore_answer got = ignore_ask(list, path, folder);
        if (got != rows[i].answer)
            print_error("patterns \"%s\", path \"%s\": got %d, expected %d\n", rows[i].patterns, rows[i].path,
                        (int)got, (int)rows[i].answer);
        assert_int_equal(got, rows[i].answer);
        arena_free(a);
    }
}

/* A path elsewhere is known by its last name alone. */
static void test_other_base(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    struct ignore_list *list = ignore_new(a, "/base");
    ignore_add_lines(a, list, LIT("x/a\nb\n"));
    assert_int_equal(ignore_ask(list, LIT("/based/x/a"), false), IGNORE_SILENT);
    assert_int_equal(ignore_ask(list, LIT("/other/b"), false), IGNORE_OUT);
    struct ignore_list *root = ignore_new(a, "");
    ignore_add(a, root, LIT("/x/a"));
    assert_int_equal(ignore_ask(root, LIT("/x/a"), false), IGNORE_OUT);
    arena_free(a);
}

static void test_patterns_of_no_use(void **state)
{
    (void)state;
    static const char *const useful[] = {"a", "/a/", "!a", "[a]", "[]]", "[!]]x/y", "\\[", "[[:digit:]]*/b"};
    static const char *const useless[] = {"",  "  ",   "#a",    "/",          "!",
                                          "[", "a/[b", "[a/b]", "[[:digit:]", "[a\\]"};
    for (size_t i = 0; i < COUNT(useful); i++)
        assert_row(useful[i], ignore_check(slice_of(useful[i]), NULL));
    for (size_t i = 0; i < COUNT(useless); i++) {
        struct error why = {0};
        assert_row(useless[i], !ignore_check(slice_of(useless[i]), &why) && why.text[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_patterns), cmocka_unit_test(test_other_base),
                                       cmocka_unit_test(test_patterns_of_no_use)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
