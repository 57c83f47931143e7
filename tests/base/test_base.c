/* The base layer: text, memory, numbers. */
#include "check.h"

#include "arena.h"
#include "buf.h"
#include "error.h"
#include "num.h"
#include "suggest.h"
#include "utf8.h"

#include <math.h>
#include <string.h>

static void quoting_is_go_s(void **state)
{
    (void)state;
    static const struct {
        slice in;
        const char *go, *json;
    } rows[] = {
        {SLICE("plain"), "\"plain\"", "\"plain\""},
        {SLICE("a\"b\\c"), "\"a\\\"b\\\\c\"", "\"a\\\"b\\\\c\""},
        {SLICE("a\nb\tc\0d"), "\"a\\nb\\tc\\x00d\"", "\"a\\nb\\tc\\u0000d\""},
        {SLICE("\x7f\xc2\xa0"), "\"\\x7f\\u00a0\"", "\"\x7f\xc2\xa0\""},
        {SLICE("\xff"), "\"\\xff\"", "\"\\ufffd\""},
        {SLICE("<&>"), "\"<&>\"", "\"\\u003c\\u0026\\u003e\""},
        {SLICE("a<b\xffz\"y"), "\"a<b\\xffz\\\"y\"", "\"a\\u003cb\\ufffdz\\\"y\""},
        {SLICE("\xe4\xb8\xad"), "\"\xe4\xb8\xad\"", "\"\xe4\xb8\xad\""},
        {SLICE("\xf3\xa0\x80\x81"), "\"\\U000e0001\"", "\"\xf3\xa0\x80\x81\""},
    };
    struct arena *a = arena_new(1 << 20);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b = buf_new(a, 1000), j = buf_new(a, 1000);
        buf_quote(&b, rows[i].in);
        buf_json_string(&j, rows[i].in);
        assert_slice(rows[i].go, buf_slice(&b), slice_of(rows[i].go));
        assert_slice(rows[i].json, buf_slice(&j), slice_of(rows[i].json));
    }
    arena_free(a);
}

static void numbers_are_strict(void **state)
{
    (void)state;
    int64_t i;
    uint64_t u;
    double d;
    assert_true(num_i64(LIT("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_true(num_i64(LIT("9223372036854775807"), &i) && i == INT64_MAX);
    assert_true(num_u64(LIT("18446744073709551615"), &u) && u == UINT64_MAX);
    static const char *const bad[] = {"",   "-", "+5", " 5", "5 ", "0x10", "1_000", "9223372036854775808",
                                      "1.0"};
    for (size_t k = 0; k < COUNT(bad); k++)
        assert_row(bad[k], !num_i64(slice_of(bad[k]), &i));
    assert_false(num_u64(LIT("18446744073709551616"), &u));
    assert_false(num_f64(NULL, LIT("1e999"), &d));
    assert_false(num_f64(NULL, LIT("0x1p3"), &d));
    assert_false(num_f64(NULL, LIT("nan"), &d));
    assert_true(num_f64(NULL, LIT("-.5e1"), &d) && d == -5.0);
}

static void doubles_print_as_go_does(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *json, *v;
    } rows[] = {
        {0, "0", "0"},
        {1, "1", "1"},
        {-1.5, "-1.5", "-1.5"},
        {0.1, "0.1", "0.1"},
        {1e20, "100000000000000000000", "100000000000000000000"},
        {1e21, "1e+21", "1e+21"},
        {-0x1p62, "-4611686018427388000", "-4611686018427388000"},
        {1e-7, "1e-7", "1e-07"},
        {0.00001, "0.00001", "1e-05"},
        {1.25e-12, "1.25e-12", "1.25e-12"},
        {NAN, "null", "NaN"},
        {INFINITY, "null", "+Inf"},
        {-INFINITY, "null", "-Inf"},
    };
    struct arena *a = arena_new(1 << 20);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf json = buf_new(a, 100), v = buf_new(a, 100);
        num_put_f64(&json, rows[i].value);
        num_put_f64_v(&v, rows[i].value);
        assert_slice(rows[i].json, buf_slice(&json), slice_of(rows[i].json));
        assert_slice(rows[i].v, buf_slice(&v), slice_of(rows[i].v));
    }
    arena_free(a);
}

static void utf8_is_strict(void **state)
{
    (void)state;
    assert_int_equal(utf8_invalid_at(LIT("plain ascii, more than eight")), SLICE_NONE);
    assert_int_equal(utf8_invalid_at(LIT("\xc3\xa9\xf0\x9f\x98\x80")), SLICE_NONE);
    assert_int_equal(utf8_invalid_at(LIT("ab\xc0\x80")), 2);
    assert_int_equal(utf8_invalid_at(LIT("\xed\xa0\x80")), 0);
    assert_int_equal(utf8_invalid_at(LIT("\xf4\x90\x80\x80")), 0);
    assert_int_equal(utf8_invalid_at(LIT("12345678\xe4\xb8")), 8);
    assert_int_equal(utf8_count(LIT("a\xe4\xb8\xad\xff")), 3);
    assert_int_equal(utf8_width(LIT("a\xe4\xb8\xad")), 3);
}

static void slips_are_near(void **state)
{
    (void)state;
    static const slice names[] = {SLICE("aws"), SLICE("minio"), SLICE("STANDARD_IA"), SLICE("cluster")};
    assert_slice("case", suggest_nearest(LIT("AWS"), names, 4), LIT("aws"));
    assert_slice("dash", suggest_nearest(LIT("STANDARD-IA"), names, 4), LIT("STANDARD_IA"));
    assert_slice("swap", suggest_nearest(LIT("clutser"), names, 4), LIT("cluster"));
    assert_slice("far", suggest_nearest(LIT("gibberish"), names, 4), LIT(""));
    static const slice size[] = {SLICE("storageSize"), SLICE("maxBackups")};
    assert_slice("another word", suggest_nearest(LIT("storageType"), size, 2), LIT(""));
    assert_slice("a slip in a word", suggest_nearest(LIT("storgaeSize"), size, 2), LIT("storageSize"));
    assert_slice("a letter less", suggest_nearest(LIT("maxBackup"), size, 2), LIT("maxBackups"));
}

static void an_unknown_word_is_named(void **state)
{
    (void)state;
    static const slice words[] = {SLICE("show"), SLICE("make"), SLICE("self")};
    struct error error;
    assert_false(suggest_unknown_of(&error, "command", LIT("shw"), words, 3));
    assert_string_equal(error.text, "unknown command shw; did you mean show?");
    assert_false(suggest_unknown_of(&error, "command", LIT("list"), words, 3));
    assert_string_equal(error.text, "unknown command list: expected show, make or self");
    assert_false(suggest_unknown(&error, "rule", LIT(""), LIT(""), "; try another"));
    assert_string_equal(error.text, "unknown rule ''; try another");
    assert_false(suggest_expected(&error, LIT("shwo"), words, 3));
    assert_string_equal(error.text, "expected show, make or self; did you mean show?");
    assert_false(suggest_expected(&error, LIT(""), words, 1));
    assert_string_equal(error.text, "expected show");
}

static int closed;

static void close_counts(void *resource)
{
    (void)resource;
    closed++;
}

static void exhaust(void *context)
{
    arena_defer(context, close_counts, context);
    for (;;)
        assert_non_null(arena_alloc(context, 1, 1000));
}

static void finish(void *context)
{
    arena_defer(context, close_counts, context);
}

static void arenas_unwind(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    closed = 0;
    assert_false(arena_run(a, exhaust, a));
    assert_int_equal(closed, 1);
    arena_reset(a);
    assert_true(arena_run(a, finish, a));
    assert_int_equal(closed, 1); /* what finished keeps its resources */
    arena_free(a);
    assert_int_equal(closed, 2);
}

/* The innermost work ends, and what was deferred before it stays. */
static void nest(void *context)
{
    struct arena *a = context;
    finish(a);
    assert_false(arena_run(a, exhaust, a));
    assert_int_equal(closed, 1);
    arena_reset(a);
    assert_int_equal(closed, 2);
    assert_false(arena_run(a, exhaust, a));
    assert_int_equal(closed, 3);
    exhaust(a);
}

static void runs_of_an_arena_nest(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    closed = 0;
    assert_false(arena_run(a, nest, a));
    arena_free(a);
    assert_int_equal(closed, 4); /* the last exhaust() had no memory left to defer with: it closes at once */
}

static void arenas_share_a_budget(void **state)
{
    (void)state;
    struct arena_budget budget;
    atomic_init(&budget.left, 1 << 20);
    struct arena *a = arena_new(4 << 20), *b = arena_new(4 << 20);
    arena_share(a, &budget);
    arena_share(b, &budget);
    assert_non_null(arena_try(a, 60 << 10)); /* the first chunk is free */
    assert_int_equal(budget.left, 1 << 20);
    assert_non_null(arena_try(a, 900 << 10));
    assert_true(budget.left < 200 << 10);
    assert_non_null(arena_try(b, 60 << 10));
    assert_null(arena_try(b, 200 << 10));
    assert_int_equal(arena_shortage(b), ARENA_SHORT_OF_BUDGET);
    assert_null(arena_try(b, 5 << 20));
    assert_int_equal(arena_shortage(b), ARENA_SHORT_OF_LIMIT);
    arena_reset(b);
    assert_int_equal(arena_shortage(b), ARENA_SHORT_OF_NOTHING);
    arena_free(a);
    assert_int_equal(budget.left, 1 << 20);
    assert_non_null(arena_try(b, 200 << 10));
    arena_free(b);
    assert_int_equal(budget.left, 1 << 20);
}

static void arenas_keep_their_memory(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    char *first = arena_alloc(a, 1, 100);
    memset(first, 'x', 100);
    arena_reset(a);
    char *again = arena_alloc(a, 1, 100);
    assert_ptr_equal(first, again);
    assert_int_equal(again[99], 0);
    assert_null(arena_try(a, 2 << 20));
    arena_fail_at(a, 2);
    assert_non_null(arena_try(a, 1));
    assert_null(arena_try(a, 1));
    assert_non_null(arena_try(a, 1));
    arena_free(a);
}

static void errors_end_with_a_whole_character(void **state)
{
    (void)state;
    char path[600];
    memset(path, 'a', sizeof path);
    memcpy(path + 509, "\xe4\xb8\xad", 4);
    struct error error = {0};
    assert_false(error_set(&error, "%s: no such file", path));
    assert_int_equal(strlen(error.text), 509);
    assert_false(error_set(&error, "%.3s, %s", "now", error.text));
    assert_slice("again", slice_cut(slice_of(error.text), 0, 6), LIT("now, a"));
    assert_false(error_set(NULL, "%d", 1));
}

static void buffers_stop_at_their_limit(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    struct buf b = buf_new(a, 5);
    buf_put(&b, LIT("1234"));
    buf_put(&b, LIT("56"));
    assert_true(b.failed);
    buf_put(&b, LIT("7"));
    assert_slice("kept", buf_slice(&b), LIT("1234"));
    struct buf f = buf_new(a, 200);
    for (int i = 0; i < 49; i++) /* over the first 128 bytes */
        buf_fmt(&f, "%04d", i);
    assert_slice("grown", slice_from(buf_slice(&f), 188), LIT("00470048"));
    buf_fmt(&f, "%s", "123"); /* and the NUL it ends with */
    assert_false(f.failed);
    buf_fmt(&f, "%s", "4");
    assert_true(f.failed);
    buf_fmt(&f, "%s", "");
    assert_slice("kept", slice_from(buf_slice(&f), 188), LIT("00470048123"));
    arena_free(a);
}

/* Reads memory that has been given back, which the address sanitizer does not allow. */
static void test_arena_wipe(void **state)
{
    (void)state;
#ifndef __SANITIZE_ADDRESS__
    static const char secret[] = "secret";
    struct arena *a = arena_new(1 << 20);
    const char *small = arena_copy(a, LIT("secret")).p;
    char *large = arena_alloc(a, 200 << 10, 1); /* in a chunk of its own */
    memcpy(large + (100 << 10), secret, sizeof secret);
    arena_reset(a);
    assert_memory_equal(small, secret, 6);
    arena_wipe(a);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(small[i], 0);
        assert_int_equal(large[(100 << 10) + i], 0);
    }
    assert_int_equal(arena_used(a), 0);
    arena_free(a);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena_wipe),
        cmocka_unit_test(quoting_is_go_s),
        cmocka_unit_test(numbers_are_strict),
        cmocka_unit_test(doubles_print_as_go_does),
        cmocka_unit_test(utf8_is_strict),
        cmocka_unit_test(slips_are_near),
        cmocka_unit_test(an_unknown_word_is_named),
        cmocka_unit_test(arenas_unwind),
        cmocka_unit_test(runs_of_an_arena_nest),
        cmocka_unit_test(arenas_keep_their_memory),
        cmocka_unit_test(arenas_share_a_budget),
        cmocka_unit_test(errors_end_with_a_whole_character),
        cmocka_unit_test(buffers_stop_at_their_limit),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
