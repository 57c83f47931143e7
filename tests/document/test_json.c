/* The JSON reader: what it takes, what it refuses and where it points. */
#include "check.h"

#include "brgate_limits.h"
#include "document.h"
#include "document_rules.h"

#include <stdlib.h>
#include <string.h>

struct bench {
    struct arena *a;
    struct findings f;
};

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    b->a = arena_new(LIMIT_ARENA_BYTES);
    b->f = findings_new(b->a);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    arena_free(b->a);
    free(b);
    return 0;
}

static struct node *read(struct bench *b, slice text)
{
    arena_reset(b->a);
    b->f = findings_new(b->a);
    return json_read(b->a, text, &b->f);
}

static slice put(struct bench *b, const struct node *n)
{
    struct buf out = buf_new(b->a, SIZE_MAX);
    node_put_json(&out, n, false);
    return buf_slice(&out);
}

static void takes(void **state)
{
    static const struct {
        slice in;
        const char *out; /* NULL: as it came */
    } rows[] = {
        {SLICE("{}"), NULL},
        {SLICE("[]"), NULL},
        {SLICE("null"), NULL},
        {SLICE("true"), NULL},
        {SLICE(" \t\r\nfalse\n"), "false"},
        {SLICE("{\"a\":{\"b\":[1,[],{}]},\"c\":null}"), NULL},
        {SLICE(" { \"a\" : [ 1 , 2 ] } "), "{\"a\":[1,2]}"},
        {SLICE("\"\""), NULL},
        {SLICE("{\"\":1}"), NULL},
        {SLICE("0"), NULL},
        {SLICE("-0"), "0"},
        {SLICE("-0.0"), "-0"},
        {SLICE("9223372036854775807"), NULL},
        {SLICE("-9223372036854775808"), NULL},
        {SLICE("9223372036854775808"), "9223372036854776000"},
        {SLICE("9007199254740993"), NULL},
        {SLICE("1.0"), "1"},
        {SLICE("1e3"), "1000"},
        {SLICE("1E+2"), "100"},
        {SLICE("1e-7"), "1e-7"},
        {SLICE("12.5e-1"), "1.25"},
        {SLICE("1e-999"), "0"},
        {SLICE("\"a\\u0000b\""), NULL},
        {SLICE("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {SLICE("\"\\u00e9\\u4e2d\""), "\"\xc3\xa9\xe4\xb8\xad\""},
        {SLICE("\"\\ud83d\\ude00\""), "\"\xf0\x9f\x98\x80\""},
        {SLICE("\"\\uD83D\\uDE00x\""), "\"\xf0\x9f\x98\x80x\""},
        {SLICE("\"\\ud83d\""), "\"\xef\xbf\xbd\""},
        {SLICE("\"\\ude00\""), "\"\xef\xbf\xbd\""},
        {SLICE("\"\\ud83dx\""), "\"\xef\xbf\xbdx\""},
        {SLICE("\"\\ud83d\\n\""), "\"\xef\xbf\xbd\\n\""},
        {SLICE("\"\\ud83d\\u0041\""), "\"\xef\xbf\xbd\x41\""},
        {SLICE("\"\\ud83d\\ue000\""), "\"\xef\xbf\xbd\xee\x80\x80\""},
        {SLICE("\"\\ud83d\\ud83d\\ude00\""), "\"\xef\xbf\xbd\xf0\x9f\x98\x80\""},
        {SLICE("\"\xf0\x9f\x98\x80 \x7f\""), NULL},
        {SLICE("\"12345678901234567890 long enough for eight bytes at a time\""), NULL},
        {SLICE("{\"k\\u0065y\":1}"), "{\"key\":1}"},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct node *n = read(b, rows[i].in);
        assert_row(rows[i].in.p, n && b->f.count == 0);
        assert_slice(rows[i].in.p, put(b, n), rows[i].out ? slice_of(rows[i].out) : rows[i].in);
    }
}

static const struct {
    slice in;
    uint32_t from, to;
    const char *message, *hint;
} faults[] = {
    {SLICE(""), 0, 0, "invalid JSON at byte 0: found the end of the text, expected a value",
     "the text ends too early; check that it is complete"},
    {SLICE("[1,"), 3, 3, "invalid JSON at byte 3: found the end of the text, expected a value",
     "the text ends too early; check that it is complete"},
    {SLICE("[1,]"), 3, 4, "invalid JSON at byte 3: found \"]\", expected a value",
     "remove the comma before it"},
    {SLICE("{\"a\":1, }"), 8, 9, "invalid JSON at byte 8: found \"}\", expected a key in double quotes",
     "remove the comma before it"},
    {SLICE("[,1]"), 1, 2, "invalid JSON at byte 1: found \",\", expected a value", ""},
    {SLICE("[1 2]"), 3, 4, "invalid JSON at byte 3: found \"2\", expected a comma or ]", ""},
    {SLICE("[1}"), 2, 3, "invalid JSON at byte 2: found \"}\", expected a comma or ]", ""},
    {SLICE("{\"a\" 1}"), 5, 6, "invalid JSON at byte 5: found \"1\", expected a colon after the key", ""},
    {SLICE("{a:1}"), 1, 2, "invalid JSON at byte 1: found \"a\", expected a key in double quotes",
     "put text in double quotes"},
    {SLICE("{'a':1}"), 1, 2, "invalid JSON at byte 1: found \"'\", expected a key in double quotes",
     "JSON strings use double quotes"},
    {SLICE("{1:1}"), 1, 2, "invalid JSON at byte 1: found \"1\", expected a key in double quotes", ""},
    {SLICE("True"), 0, 4, "invalid JSON at byte 0: found \"True\", expected a value",
     "write true in lowercase"},
    {SLICE("nul"), 0, 3, "invalid JSON at byte 0: found \"nul\", expected a value",
     "put text in double quotes"},
    {SLICE("truex"), 0, 5, "invalid JSON at byte 0: found \"truex\", expected a value",
     "put text in double quotes"},
    {SLICE("NaN"), 0, 3, "invalid JSON at byte 0: found \"NaN\", expected a value",
     "JSON has no such number"},
    {SLICE("-Infinity"), 0, 9, "invalid JSON at byte 0: found \"-Infinity\", expected a value",
     "JSON has no such number"},
    {SLICE("{} x"), 3, 4, "invalid JSON at byte 3: found \"x\", expected the end of the text",
     "put text in double quotes"},
    {SLICE("{}{}"), 2, 3, "invalid JSON at byte 2: found \"{\", expected the end of the text", ""},
    {SLICE("// x"), 0, 1, "invalid JSON at byte 0: found \"/\", expected a value", "JSON has no comments"},
    {SLICE("\xef\xbb\xbf{}"), 0, 3, "invalid JSON at byte 0: found \"\\ufeff\", expected a value",
     "save the text as UTF-8 without a byte order mark"},
    {SLICE("\xff\xfe{\0}\0"), 0, 1, "invalid JSON at byte 0: found \"\\xff\", expected a value",
     "save the text as UTF-8 without a byte order mark"},
    {SLICE("\0"), 0, 1, "invalid JSON at byte 0: found \"\\x00\", expected a value", ""},
    {SLICE("007"), 0, 3, "invalid JSON at byte 0: a number with a leading zero",
     "JSON numbers are decimal: remove the zero"},
    {SLICE("-01"), 0, 3, "invalid JSON at byte 0: a number with a leading zero",
     "JSON numbers are decimal: remove the zero"},
    {SLICE("[1.]"), 3, 4, "invalid JSON at byte 3: found \"]\", expected a digit", ""},
    {SLICE("1e"), 2, 2, "invalid JSON at byte 2: found the end of the text, expected a digit",
     "the text ends too early; check that it is complete"},
    {SLICE("1e+"), 3, 3, "invalid JSON at byte 3: found the end of the text, expected a digit",
     "the text ends too early; check that it is complete"},
    {SLICE("-"), 1, 1, "invalid JSON at byte 1: found the end of the text, expected a digit",
     "the text ends too early; check that it is complete"},
    {SLICE("+1"), 0, 1, "invalid JSON at byte 0: found \"+\", expected a value",
     "a number begins with a digit or -"},
    {SLICE(".5"), 0, 1, "invalid JSON at byte 0: found \".\", expected a value",
     "a number begins with a digit or -"},
    {SLICE("0x10"), 1, 4, "invalid JSON at byte 1: found \"x10\", expected the end of the text",
     "put text in double quotes"},
    {SLICE("1e999"), 0, 5, "invalid JSON at byte 0: a number too large for a double", ""},
    {SLICE("[\"abc"), 1, 2, "invalid JSON at byte 1: the string that begins here is not closed",
     "close it with a double quote"},
    {SLICE("\"\\"), 1, 2, "invalid JSON at byte 1: unknown escape in a string", NULL},
    {SLICE("\"\\x41\""), 1, 3, "invalid JSON at byte 1: unknown escape in a string", NULL},
    {SLICE("\"\\\0\""), 1, 3, "invalid JSON at byte 1: unknown escape in a string", NULL},
    {SLICE("\"\\u12g4\""), 1, 3, "invalid JSON at byte 1: \\u without four hexadecimal digits", ""},
    {SLICE("\"\\u123"), 1, 3, "invalid JSON at byte 1: \\u without four hexadecimal digits", ""},
    {SLICE("\"a\nb\""), 2, 3, "invalid JSON at byte 2: line break in a string",
     "write \\n, or close the string"},
    {SLICE("\"a\tb\""), 2, 3, "invalid JSON at byte 2: control character in a string", "write \\t"},
    {SLICE("\"\x1f\""), 1, 2, "invalid JSON at byte 1: control character in a string", "write \\u00XX"},
    {SLICE("\"\xff\""), 1, 2, "invalid JSON at byte 1: the text is not UTF-8", "save it as UTF-8"},
    {SLICE("\"1234567\x80 12345678\""), 8, 9, "invalid JSON at byte 8: the text is not UTF-8",
     "save it as UTF-8"},
    {SLICE("\"\xc0\x80\""), 1, 2, "invalid JSON at byte 1: the text is not UTF-8", "save it as UTF-8"},
    {SLICE("\"\xed\xa0\x80\""), 1, 2, "invalid JSON at byte 1: the text is not UTF-8", "save it as UTF-8"},
};

static void refuses(void **state)
{
    struct bench *b = *state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        assert_row(faults[i].message, !read(b, faults[i].in) && b->f.count == 1);
        const struct finding *x = b->f.first;
        assert_slice("message", x->message, slice_of(faults[i].message));
        if (faults[i].hint)
            assert_slice(faults[i].message, x->hint, slice_of(faults[i].hint));
        assert_row(faults[i].message, x->rule == &rule_json_syntax && x->place.kind == PLACE_BYTES);
        assert_row(faults[i].message, x->place.from == faults[i].from && x->place.to == faults[i].to);
    }
}

static void numbers_keep_their_kind(void **state)
{
    static const struct {
        const char *in;
        enum node_kind kind;
    } rows[] = {
        {"0", NODE_INT},
        {"-0", NODE_INT},
        {"-12", NODE_INT},
        {"1.0", NODE_FLOAT},
        {"1e3", NODE_FLOAT},
        {"9223372036854775807", NODE_INT},
        {"9223372036854775808", NODE_FLOAT},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct node *n = read(b, slice_of(rows[i].in));
        assert_row(rows[i].in, n && n->kind == rows[i].kind);
        assert_slice("text", n->text, slice_of(rows[i].in));
    }
    assert_true(read(b, LIT("-9223372036854775808"))->integer == INT64_MIN);
}

/* [at, end) of every node covers its source bytes; strings without escapes are not copied. */
static void nodes_know_where_they_stand(void **state)
{
    static const char text[] = " {\"a\": [10, \"\xc3\xa9\"], \"k\\n\": {}}";
    struct bench *b = *state;
    struct node *root = read(b, slice_of(text));
    assert_non_null(root);
    const struct node *list = root->first, *ten = list->first, *e = ten->next, *map = list->next;
    const struct {
        const char *label;
        uint32_t at, end;
        slice want;
    } rows[] = {
        {"root", root->at, root->end, slice_of(text + 1)},
        {"list", list->at, list->end, LIT("[10, \"\xc3\xa9\"]")},
        {"list key", list->key_at, list->key_end, LIT("\"a\"")},
        {"ten", ten->at, ten->end, LIT("10")},
        {"e", e->at, e->end, LIT("\"\xc3\xa9\"")},
        {"map", map->at, map->end, LIT("{}")},
        {"map key", map->key_at, map->key_end, LIT("\"k\\n\"")},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_slice(rows[i].label, slice_cut(slice_of(text), rows[i].at, rows[i].end - rows[i].at),
                     rows[i].want);
    assert_ptr_equal(e->text.p, text + e->at + 1);
    assert_true(e->flags & NODE_QUOTED);
    assert_int_equal(root->count, 2);
    assert_ptr_equal(map->parent, root);
}

static void the_last_of_equal_keys_wins(void **state)
{
    struct bench *b = *state;
    struct node *n = read(b, LIT("{\"a\":1,\"b\":2,\"a\":3,\"\\u0061\":4}"));
    assert_slice("json", put(b, n), LIT("{\"b\":2,\"a\":4}"));
    assert_int_equal(b->f.count, 2);
    const struct finding *x = b->f.first;
    assert_true(x->rule == &rule_duplicate_key && x->place.node->integer == 3 && x->place.kind == PLACE_KEY);
    assert_slice("message", x->message, LIT("key \"a\" is set twice in the same object; the last one wins"));
    assert_true(x->note_place.kind == PLACE_BYTES && x->note_place.from == 1 && x->note_place.to == 4);
    assert_true(x->next->place.node->integer == 4 && x->next->note_place.from == 1);
    assert_true(node_get(n, LIT("a"))->integer == 4);
}

/* Beyond a few members look-up and comparison go another way. */
static void large_objects_are_indexed(void **state)
{
    enum { KEYS = 20000 };
    struct bench *b = *state;
    size_t capacity = KEYS * 24;
    char *text = malloc(capacity);
    size_t n = 1;
    text[0] = '{';
    for (int i = 0; i < KEYS; i++)
        n += (size_t)snprintf(text + n, capacity - n, "\"key-%d\":%d,", i * 7919 % KEYS, i);
    n += (size_t)snprintf(text + n, capacity - n, "\"key-5\":-1}");
    struct node *root = read(b, (slice){text, n});
    assert_non_null(root);
    assert_int_equal(b->f.count, 1);
    assert_int_equal(node_get(root, LIT("key-5"))->integer, -1);
    assert_int_equal(node_get(root, LIT("key-7919"))->integer, 1);
    assert_null(node_get(root, LIT("key-20000")));
    struct node *extra = node_new(b->a, NODE_BOOL, NODE_DEFAULTED);
    extra->key = LIT("key-20000");
    node_append(root, extra);
    assert_ptr_equal(node_get(root, LIT("key-20000")), extra);
    struct node *copy = node_copy(b->a, root, 0);
    assert_true(node_equal(root, copy));
    node_get(copy, LIT("key-77"))->integer++;
    assert_false(node_equal(root, copy));
    free(text);
}

static void depth_is_bounded(void **state)
{
    enum { MANY = 100000 };
    struct bench *b = *state;
    char *text = malloc(MANY);
    memset(text, '[', LIMIT_DEPTH);
    memset(text + LIMIT_DEPTH, ']', LIMIT_DEPTH);
    assert_non_null(read(b, (slice){text, 2 * LIMIT_DEPTH}));
    memset(text, '[', MANY);
    assert_null(read(b, (slice){text, MANY}));
    assert_int_equal(b->f.count, 1);
    assert_true(b->f.first->rule == &rule_document_too_deep && b->f.first->place.from == LIMIT_DEPTH);
    free(text);
}

static void size_is_bounded(void **state)
{
    struct bench *b = *state;
    char *text = malloc(LIMIT_DOCUMENT_BYTES + 1);
    memset(text, ' ', LIMIT_DOCUMENT_BYTES + 1);
    text[0] = '1';
    assert_non_null(read(b, (slice){text, LIMIT_DOCUMENT_BYTES}));
    assert_null(read(b, (slice){text, LIMIT_DOCUMENT_BYTES + 1}));
    assert_true(b->f.first->rule == &rule_document_too_large);
    free(text);
}

static const char sample[] =
    "{\"a\":[1,-2.5e3,\"x\\u00e9\\n\",true,null],\"b\":{\"c\":{\"d\":[]},\"c\":1},\"e\":\"plain text\"}";

static void every_cut_is_refused(void **state)
{
    struct bench *b = *state;
    for (size_t n = 0; n + 1 < sizeof sample; n++) {
        char *copy = malloc(n + 1); /* its own block: reading on is seen by the sanitizer */
        memcpy(copy, sample, n);
        assert_null(read(b, (slice){copy, n}));
        assert_true(b->f.count >= 1);
        free(copy);
    }
}

static void read_sample(void *context)
{
    struct arena *a = context;
    struct findings f = findings_new(a);
    assert_non_null(json_read(a, slice_of(sample), &f));
}

/* False when the document was read before the allocation that fails. */
static bool fails_at(uint64_t nth)
{
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    arena_fail_at(a, nth);
    bool finished = arena_run(a, read_sample, a);
    arena_free(a);
    return !finished;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    uint64_t nth = 1;
    while (fails_at(nth))
        nth++;
    assert_true(nth > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(takes, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_keep_their_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(nodes_know_where_they_stand, setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_of_equal_keys_wins, setup, teardown),
        cmocka_unit_test_setup_teardown(large_objects_are_indexed, setup, teardown),
        cmocka_unit_test_setup_teardown(depth_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(size_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(every_cut_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
