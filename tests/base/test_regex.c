/* Regular expressions: what Go refuses, and what a match means in Go. */
#include "check.h"

#include "brgate_limits.h"
#include "regex.h"

#include <string.h>

static const char *const refused[] = {
    "(",          ")",     "a**",       "a+*",         "a{2}{3}",      "*a",     "a|*",           "(*)",
    "(?=a)",      "(?!a)", "(?<=a)",    "(?<!a)",      "(?>a)",        "a++",    "a*+",           "(a)\\1",
    "\\k<n>",     "\\h",   "\\R",       "\\K",         "\\G",          "\\Z",    "\\C",           "\\X",
    "\\8",        "\\e",   "\\cA",      "a{1001}",     "a{1000,1001}", "a{2,1}", "(a{100}){100}", "[",
    "[]",         "[a",    "[z-a]",     "[a-\\d]",     "[[:foo:]]",    "\\pX",   "\\p{Foo}",      "\\p",
    "\\p{",       "\\",    "(?i",       "(?z)",        "(?i-)",        "(?P<n",  "(?P<>a)",       "(?P=n)",
    "(?P<a-b>c)", "(?#c)", "(?|a)",     "\\x{110000}", "\\xg0",        "\\x{}",  "\\x4",          "\xff",
    "\\_\\a\\y",  "(?R)",  "\\Qa\\E**",
};

static void what_go_refuses_is_refused(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 << 20);
    for (size_t i = 0; i < COUNT(refused); i++) {
        const struct regex *re;
        struct refusal why = {0};
        assert_row(refused[i], regex_compile(a, slice_of(refused[i]), 0, &re, &why) == REGEX_BAD);
        assert_row(refused[i], slice_starts(slice_of(why.why), LIT("error parsing regexp: ")));
    }
    arena_free(a);
}

static const struct {
    slice pattern, text;
    bool yes;
} matches[] = {
    {SLICE("foo"), SLICE("xfoox"), true},
    {SLICE(""), SLICE(""), true},
    {SLICE("(?i)"), SLICE("x"), true},
    {SLICE("^foo$"), SLICE("foo\n"), false}, /* $ is the end, not before a last newline */
    {SLICE("(?m)^b$"), SLICE("a\nb\nc"), true},
    {SLICE("(?m)^$"), SLICE("a\n"), true}, /* behind a last newline begins a line */
    {SLICE("^\\s$"), SLICE("\v"), false},
    {SLICE("^[\\s]$"), SLICE("\f"), true},
    {SLICE("^[[:space:]]$"), SLICE("\v"), true},
    {SLICE("^\\d$"), SLICE("\xd9\xa3"), false}, /* an Arabic digit */
    {SLICE("^\\w$"), SLICE("\xc3\xa9"), false},
    {SLICE("^\\W$"), SLICE("\xc3\xa9"), true},
    {SLICE("(?i)^\\w$"), SLICE("\xe2\x84\xaa"), true}, /* the Kelvin sign folds to k */
    {SLICE("(?i)^\\W$"), SLICE("\xe2\x84\xaa"), false},
    {SLICE("(?i)^[^a-z]$"), SLICE("K"), false},
    {SLICE("(?i)abc"), SLICE("xABCx"), true},
    {SLICE("a(?i)b|c"), SLICE("C"), true},
    {SLICE("(?:a(?i)b)c"), SLICE("aBC"), false},
    {SLICE("(?:a(?i)b)c"), SLICE("aBc"), true},
    {SLICE("(?i:a)b"), SLICE("AB"), false},
    {SLICE("(?:a(?i)b)(?i)c"), SLICE("aBC"), true},
    {SLICE("."), SLICE("\n"), false},
    {SLICE("(?s)."), SLICE("\n"), true},
    {SLICE("[^a]"), SLICE("\n"), true},
    {SLICE("^.$"), SLICE("\xe4\xb8\xad"), true},
    {SLICE("^(?P<n>a)(?<m>b)(?P<n>c)$"), SLICE("abc"), true},
    {SLICE("^\\pL\\p{Greek}\\P{Lu}$"), SLICE("x\xce\xb1y"), true},
    {SLICE("^\\p{l_u}$"), SLICE("A"), true},
    {SLICE("a{,5}"), SLICE("a{,5}"), true},
    {SLICE("a{01}"), SLICE("a{01}"), true},
    {SLICE("^a{0}$"), SLICE(""), true},
    {SLICE("^*a"), SLICE("ba"), true},
    {SLICE("^+a"), SLICE("ba"), false},
    {SLICE("^a*(?i)*$"), SLICE("aaa"), true},
    {SLICE("()|x*"), SLICE(""), true},
    {SLICE("\\Qa.b\\E+$"), SLICE("a.bb"), true},
    {SLICE("\\Qa.b"), SLICE("axb"), false},
    {SLICE("^[]a]$"), SLICE("]"), true},
    {SLICE("^[a-]$"), SLICE("-"), true},
    {SLICE("^[\\d-a]$"), SLICE("-"), true},
    {SLICE("^[[:^alpha:][:digit:]]$"), SLICE("7"), true},
    {SLICE("^[[:alpha]$"), SLICE(":"), true},
    {SLICE("^\\x41\\x{4e2d}\\101$"),
     SLICE("A\xe4\xb8\xad"
           "A"),
     true},
    {SLICE("\\bfoo\\b"),
     SLICE("\xc3\xa9"
           "foo"),
     true}, /* word characters are ASCII */
    {SLICE("^a??b$"), SLICE("ab"), true},
    {SLICE("(?U)^a+$"), SLICE("aa"), true},
    {SLICE("^.$"), SLICE("\xff"), true},
    {SLICE("^\\x{fffd}$"), SLICE("\xff"), true},
    {SLICE("^[^\\x00-\\x{10FFFF}]*$"), SLICE("a"), false},
    {SLICE("#comment x"), SLICE("#comment x"), true},
    {SLICE("^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"), SLICE("Log_Backup:a"), true},
};

static void a_match_means_what_it_means_in_go(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 << 20);
    struct regex_scratch *scratch = regex_scratch_new(a);
    for (size_t i = 0; i < COUNT(matches); i++) {
        const struct regex *re;
        struct refusal why = {0};
        if (regex_compile(a, matches[i].pattern, 0, &re, &why) != REGEX_GOOD) {
            print_error("%s: %s\n", matches[i].pattern.p, why.why);
            fail();
        }
        assert_row(matches[i].pattern.p,
                   regex_match(re, matches[i].text, scratch) == (matches[i].yes ? REGEX_YES : REGEX_NO));
    }
    arena_free(a);
}

static void a_refusal_points_at_the_fault(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 << 20);
    const struct regex *re;
    struct refusal why;
    assert_int_equal(regex_compile(a, LIT("abc[z-a]x"), 0, &re, &why), REGEX_BAD);
    assert_int_equal(why.at, 4);
    assert_int_equal(why.n, 3);
    assert_string_equal(why.why, "error parsing regexp: invalid character class range: `z-a`");
    assert_int_equal(regex_compile(a, LIT("(?!x)"), 0, &re, &why), REGEX_BAD);
    assert_string_equal(why.why, "error parsing regexp: invalid or unsupported Perl syntax: `(?!`");
    arena_free(a);
}

/* Catastrophic for a backtracking engine; harmless here. */
static void costly_patterns_are_given_up(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 << 20);
    const struct regex *re;
    char text[60];
    memset(text, 'a', sizeof text);
    text[59] = 'b';
    assert_int_equal(regex_compile(a, LIT("^(a|a)*$"), 0, &re, NULL), REGEX_GOOD);
    struct regex_scratch *scratch = regex_scratch_new(a);
    assert_int_equal(regex_match(re, (slice){text, sizeof text}, scratch), REGEX_TOO_COSTLY);
    size_t n = LIMIT_PATTERN_BYTES + 1;
    char *deep = arena_alloc(a, 1, n);
    memset(deep, '(', n);
    assert_int_equal(regex_compile(a, (slice){deep, n}, 0, &re, NULL), REGEX_TOO_LARGE);
    assert_int_equal(regex_compile(a, (slice){deep, LIMIT_PATTERN_DEPTH + 1}, 0, &re, NULL), REGEX_TOO_LARGE);
    assert_int_equal(regex_compile(a, (slice){deep, LIMIT_PATTERN_DEPTH}, 0, &re, NULL), REGEX_BAD);
    arena_free(a);
}

static void matching_takes_no_memory_once_warm(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 << 20);
    const struct regex *re;
    assert_int_equal(regex_compile(a, LIT("(?i)^(mysql|test)$"), 0, &re, NULL), REGEX_GOOD);
    struct regex_scratch *scratch = regex_scratch_new(a);
    regex_match(re, LIT("Test"), scratch);
    uint64_t before = arena_allocations(a);
    for (int i = 0; i < 100; i++)
        assert_int_equal(regex_match(re, LIT("MySQL"), scratch), REGEX_YES);
    assert_int_equal(arena_allocations(a), before);
    arena_free(a);
}

static void compile_and_match(void *context)
{
    struct arena *a = context;
    const struct regex *re;
    enum regex_verdict verdict = regex_compile(a, LIT("^(a|b)*\\pL[x-z]{3}$"), 0, &re, NULL);
    assert_int_equal(verdict, REGEX_GOOD);
    assert_int_equal(regex_match(re, LIT("abaxyz"), regex_scratch_new(a)), REGEX_YES);
}

/* No allocation's failure may become a verdict. */
static void exhaustion_unwinds(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 << 20);
    assert_true(arena_run(a, compile_and_match, a));
    uint64_t total = arena_allocations(a);
    assert_true(total > 5);
    for (uint64_t nth = 1; nth <= total; nth++) {
        arena_reset(a);
        arena_fail_at(a, nth);
        assert_false(arena_run(a, compile_and_match, a));
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_go_refuses_is_refused),
        cmocka_unit_test(a_match_means_what_it_means_in_go),
        cmocka_unit_test(a_refusal_points_at_the_fault),
        cmocka_unit_test(costly_patterns_are_given_up),
        cmocka_unit_test(matching_takes_no_memory_once_warm),
        cmocka_unit_test(exhaustion_unwinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
