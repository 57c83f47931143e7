/* Damaged and hostile input: cut short, nested, multiplied, on one line; and memory that runs out. The clock
 * is not asked: what is quadratic here does not end within the time a test is given. */
#include "check.h"

#include "brgate_limits.h"
#include "document.h"
#include "document_rules.h"
#include "position.h"

#include <stdlib.h>
#include <string.h>

static const char *const samples[] = {
    "apiVersion: br.pingcap.com/v1alpha1\nkind: Backup # comment\nmetadata:\n  name: &n demo\n  labels: {a: "
    "'it''s', b: "
    "\"x\\u00e9\\n\"}\nspec:\n  tableFilter:\n  - \"!mysql.*\"\n  - *n\n  text: |\n    one\n\n    two\n  "
    "folded: >-\n    a\n "
    "   b\n  base: &base {k: 1, l: [1, 2.5, ~]}\n  more:\n    <<: *base\n    k: 2\n    k: 3\n---\n# "
    "second\n{\"json\": [true, "
    "\"\\ud83d\\ude00\", -1e3]}\n",
    "\xef\xbb\xbf"
    "kind: BackupList\r\nitems:\r\n- spec: {a: !!int 5, \xc3\xa9: \"\xe4\xb8\xad\"}\r\n- ? key\r\n  : "
    "value\r\n...\r\n",
    "{\"a\": [1, {\"b\": \"\\\"\", \"b\": null}]}\n{\"c\": 12345678901234567890}\n---\nd: 1\n",
};

/* Reads, and asks for everything that can be asked, so that a sanitizer sees it. */
static size_t read_all(struct arena *a, slice text)
{
    struct findings f = findings_new(a);
    struct stream *s = stream_read(a, text, &f);
    const struct line_table *lines = line_table_new(a, text);
    struct buf b = buf_new(a, SIZE_MAX / 2);
    for (const struct document *d = s->first; d; d = d->next) {
        assert_true(d->at <= d->end && d->end <= text.n);
        if (d->root)
            node_put_json(&b, d->root, true);
    }
    for (const struct finding *x = f.first; x; x = x->next) {
        uint32_t from, to;
        place_span(x->place, text, &from, &to);
        assert_true(from <= to && to <= text.n && (from < to || text.n == 0));
        line_text(lines, position_of(lines, from).line);
    }
    return f.count;
}

static void cut_short_at_every_byte(void **state)
{
    (void)state;
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    for (size_t i = 0; i < COUNT(samples); i++)
        for (size_t n = 0, size = strlen(samples[i]); n <= size; n++) {
            char *copy = malloc(n + 1); /* its own block: reading on is seen by the sanitizer */
            memcpy(copy, samples[i], n);
            arena_reset(a);
            read_all(a, (slice){copy, n});
            free(copy);
        }
    arena_free(a);
}

static void damaged_at_every_byte(void **state)
{
    (void)state;
    static const char bytes[] = "\0\t\n\r \"'&*!|>%@`{}[],:?-#\\\x7f\x80\xff";
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    char copy[1000];
    for (size_t i = 0; i < COUNT(samples); i++)
        for (size_t at = 0, size = strlen(samples[i]); at < size; at++)
            for (size_t k = 0; k < sizeof bytes - 1; k++) {
                memcpy(copy, samples[i], size);
                copy[at] = bytes[k];
                arena_reset(a);
                read_all(a, (slice){copy, size});
            }
    arena_free(a);
}

struct reading {
    struct arena *arena;
    slice text;
};

static void read_text(void *context)
{
    const struct reading *r = context;
    read_all(r->arena, r->text);
}

/* False when everything was read before the allocation that fails. */
static bool fails_at(slice text, uint64_t nth)
{
    struct reading r = {arena_new(LIMIT_ARENA_BYTES), text};
    arena_fail_at(r.arena, nth);
    bool finished = arena_run(r.arena, read_text, &r);
    arena_free(r.arena);
    return !finished;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        uint64_t nth = 1;
        while (fails_at(slice_of(samples[i]), nth))
            nth++;
        assert_row(samples[i], nth > 10);
    }
}

struct text {
    char *p;
    size_t n, capacity;
};

static void add(struct text *t, const char *what, size_t times)
{
    size_t n = strlen(what);
    if (t->n + n * times > t->capacity) {
        t->capacity = 2 * (t->n + n * times);
        t->p = realloc(t->p, t->capacity);
    }
    for (; times > 0; times--, t->n += n)
        memcpy(t->p + t->n, what, n);
}

static void expect(struct text *t, const char *label, const struct rule *rule)
{
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    struct findings f = findings_new(a);
    struct stream *s = stream_read(a, (slice){t->p, t->n}, &f);
    assert_row(label, f.count > 0 && f.first->rule == rule);
    assert_row(label, s->first && !s->first->root);
    arena_free(a);
    free(t->p);
}

static void expect_good(struct text *t, const char *label)
{
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    struct findings f = findings_new(a);
    struct stream *s = stream_read(a, (slice){t->p, t->n}, &f);
    assert_row(label, f.count == 0 && s->first && s->first->root);
    arena_free(a);
    free(t->p);
}

static void nesting_stops_at_the_limit(void **state)
{
    (void)state;
    static const char *const openings[] = {"[", "{\"a\":", "- ", "{a: ", "[{a: "};
    for (size_t i = 0; i < COUNT(openings); i++) {
        struct text t = {0};
        add(&t, openings[i], 100000);
        expect(&t, openings[i], &rule_document_too_deep);
    }
    struct text good = {0}, deep = {0};
    add(&good, "[", LIMIT_DEPTH);
    add(&good, "]", LIMIT_DEPTH);
    expect_good(&good, "at the limit");
    /* A copy of something deep at a deep place. */
    add(&deep, "a: &a ", 1);
    add(&deep, "[", LIMIT_DEPTH / 2);
    add(&deep, "]", LIMIT_DEPTH / 2);
    add(&deep, "\nb: ", 1);
    add(&deep, "[", LIMIT_DEPTH / 2);
    add(&deep, "*a", 1);
    add(&deep, "]", LIMIT_DEPTH / 2);
    expect(&deep, "deep alias", &rule_document_too_deep);
}

static void aliases_cannot_multiply(void **state)
{
    (void)state;
    struct text bomb = {0}, wide = {0}, merged = {0}, inner = {0};
    add(&bomb, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n", 1);
    for (int i = 1; i < 10; i++) {
        char line[200];
        snprintf(line, sizeof line, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i,
                 i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
        add(&bomb, line, 1);
    }
    expect(&bomb, "bomb", &rule_document_too_large);
    add(&wide, "a: &a [", 1);
    add(&wide, "x,", 10000);
    add(&wide, "]\nb: [", 1);
    add(&wide, "*a,", 1000);
    add(&wide, "]\n", 1);
    expect(&wide, "wide", &rule_document_too_large);
    add(&merged, "a: &a {", 1);
    for (int i = 0; i < 1000; i++) {
        char member[20];
        snprintf(member, sizeof member, "k%d: 1, ", i);
        add(&merged, member, 1);
    }
    add(&merged, "}\nb:\n", 1);
    add(&merged, "- {<<: *a}\n", 5000);
    expect(&merged, "merged", &rule_document_too_large);
    /* Without any alias: each level copies what the inner one has. */
    add(&inner, "{<<: ", LIMIT_DEPTH - 1);
    add(&inner, "{", 1);
    for (int i = 0; i < 10000; i++) {
        char member[20];
        snprintf(member, sizeof member, "k%d: 1, ", i);
        add(&inner, member, 1);
    }
    add(&inner, "}", LIMIT_DEPTH);
    expect(&inner, "merged inside", &rule_document_too_large);
}

/* Inputs on which a careless reader takes quadratic time. */
static void large_texts_are_read_in_proportion(void **state)
{
    (void)state;
    enum { BYTES = 5 << 20 };
    struct text line = {0}, wide = {0}, scalar = {0}, keys = {0}, again = {0}, anchors = {0}, many = {0},
                quoted = {0};
    add(&line, "[", 1);
    add(&line, "\xc3\xa9, ", BYTES / 4);
    add(&line, "x]", 1);
    expect_good(&line, "list on one line");
    add(&wide, "\xc3\xa9: x\n", 1);
    add(&wide, "# \xe4\xb8\xad\r\n", BYTES / 8);
    expect_good(&wide, "comments");
    add(&scalar, "a: ", 1);
    add(&scalar, "x", BYTES);
    expect_good(&scalar, "one scalar");
    add(&quoted, "{\"a\": \"", 1);
    add(&quoted, "\\u00e9x", BYTES / 8);
    add(&quoted, "\"}", 1);
    expect_good(&quoted, "escapes");
    add(&keys, "{", 1);
    for (int i = 0; i < 300000; i++) {
        char member[20];
        snprintf(member, sizeof member, "\"%d\":1,", (int)(i * 7919L % 300007));
        add(&keys, member, 1);
    }
    add(&keys, "\"x\":1}", 1);
    expect_good(&keys, "keys");
    for (int i = 0; i < 100000; i++) {
        char member[40];
        snprintf(member, sizeof member, "k%d: &a%d x\nl%d: *a%d\n", i, i, i, i / 2);
        add(&anchors, member, 1);
    }
    expect_good(&anchors, "anchors");
    add(&again, "a: 1\n", 300000);
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    struct findings f = findings_new(a);
    stream_read(a, (slice){again.p, again.n}, &f);
    assert_int_equal(f.count, LIMIT_FINDINGS);
    assert_int_equal(f.count + f.dropped, 299999);
    arena_free(a);
    free(again.p);
    add(&many, "a: [\n---\n", LIMIT_DOCUMENTS + 1);
    expect(&many, "documents", &rule_yaml_syntax);
}

static void directives_are_bounded(void **state)
{
    (void)state;
    struct text few = {0}, many = {0}, behind = {0};
    add(&few, "# comment\n\na: \"\n", 1);
    add(&few, "%\n", 2 * LIMIT_DIRECTIVES);
    add(&few, "\"\n", 1);
    expect_good(&few, "lines of a text");
    add(&many, "\xef\xbb\xbf# comment\r\n\r\n", 1);
    add(&many, "%TAG !a! tag:x:\r\n", LIMIT_DIRECTIVES + 1);
    add(&many, "---\na: 1\n", 1);
    expect(&many, "many", &rule_yaml_syntax);
    add(&behind, "a: 1\n...\n", 1);
    add(&behind, "%TAG !a! tag:x:\n", LIMIT_DIRECTIVES + 1);
    expect(&behind, "behind the document", &rule_yaml_syntax);
}

static void sizes_are_bounded(void **state)
{
    (void)state;
    struct text large = {0}, documents = {0};
    add(&large, "# comment\n", LIMIT_DOCUMENT_BYTES / 10 + 1);
    expect(&large, "document", &rule_document_too_large);
    add(&documents, "a: 1\n---\n", LIMIT_DOCUMENTS + 10);
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    struct findings f = findings_new(a);
    struct stream *s = stream_read(a, (slice){documents.p, documents.n}, &f);
    assert_true(f.count == 1 && f.first->rule == &rule_document_too_large);
    assert_int_equal(s->count, LIMIT_DOCUMENTS);
    arena_free(a);
    free(documents.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_short_at_every_byte),   cmocka_unit_test(damaged_at_every_byte),
        cmocka_unit_test(every_allocation_may_fail), cmocka_unit_test(nesting_stops_at_the_limit),
        cmocka_unit_test(aliases_cannot_multiply),   cmocka_unit_test(large_texts_are_read_in_proportion),
        cmocka_unit_test(sizes_are_bounded),         cmocka_unit_test(directives_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
