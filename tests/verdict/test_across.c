/* Comparing the objects of many files: the result does not depend on which thread judged which file, suppressions in a
 * file apply, many objects stay cheap, and running out of memory is reported. tests/rules/cases has the wording of each
 * rule. */
#include "check.h"

#include "across.h"
#include "buf.h"
#include "builtin_schemas.h"
#include "position.h"
#include "verdict_rules.h"

extern const struct rule rule_shared_prefix;

#include <stdlib.h>

enum { MOST_FILES = 8 };

struct test {
    struct arena *files[MOST_FILES]; /* of the files' trees */
    struct arena *run;
    struct gate *gate;
};

static int setup(void **state)
{
    struct test *t = calloc(1, sizeof *t);
    const struct policy policy = {0};
    for (size_t i = 0; i < MOST_FILES; i++)
        t->files[i] = arena_new((size_t)1 << 28);
    t->run = arena_new((size_t)1 << 28);
    t->gate = gate_open(&policy, &builtin_schemas);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct test *t = *state;
    for (size_t i = 0; i < MOST_FILES; i++)
        arena_free(t->files[i]);
    arena_free(t->run);
    gate_close(t->gate);
    free(t);
    return 0;
}

#define BACKUP(name, prefix, more)                                                                           \
    "apiVersion: br.pingcap.com/v1alpha1\nkind: Backup\nmetadata: { name: " name ", namespace: tidb }\n"     \
    "spec:\n  br: { cluster: demo1 }\n  s3:\n    provider: aws\n    region: us-west-1\n    bucket: b1b\n"    \
    "    secretName: s\n    prefix: " prefix "\n" more

static const struct stream_verdict *judge(struct test *t, size_t file, slice text)
{
    arena_reset(t->files[file]);
    const struct stream_verdict *stream = verdict_manifest(t->gate, t->files[file], text, 0);
    assert_non_null(stream);
    return stream;
}

/* "0:11 shared-prefix" for every row: file, line and rule. */
static slice rows_text(struct arena *a, const struct across_diagnostic *rows, size_t count,
                       const slice *texts)
{
    struct buf b = buf_new(a, 1 << 20);
    for (size_t i = 0; i < count; i++) {
        unsigned line = 1;
        for (uint32_t k = 0; k < rows[i].diagnostic.from; k++)
            line += texts[rows[i].file].p[k] == '\n';
        buf_fmt(&b, "%u:%u %s\n", (unsigned)rows[i].file, line, rows[i].diagnostic.rule->slug);
    }
    return buf_slice(&b);
}

static const slice three[] = {
    SLICE(BACKUP("a", "x", "")),
    SLICE(BACKUP("b", "w", "---\n") BACKUP("c", "x/z", "  cleanPolicy: Delete\n")),
    SLICE(BACKUP("d", "w", "")),
};

/* Files 0, 1 and 2, each noted in the list that `list_of` gives, in the order given. */
static slice compare(struct test *t, const size_t list_of[3], const size_t order[3])
{
    struct object_summaries *lists[3];
    for (size_t i = 0; i < 3; i++)
        lists[i] = object_summaries_new(t->run);
    for (size_t i = 0; i < 3; i++) {
        size_t file = order[i];
        assert_true(object_summaries_note(lists[list_of[file]], (uint32_t)file, LIT("file"),
                                          judge(t, file, three[file])));
    }
    struct across across;
    assert_true(across_judge(t->gate, t->run, lists, 3, &across));
    return rows_text(t->run, across.diagnostics, across.count, three);
}

static void test_any_distribution(void **state)
{
    struct test *t = *state;
    static const size_t lists[][3] = {{0, 0, 0}, {0, 1, 2}, {2, 1, 0}, {1, 0, 1}};
    static const size_t orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}};
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 3; k++)
            assert_slice("rows", compare(t, lists[i], orders[k]),
                         LIT("1:23 nested-prefix-kept\n2:11 shared-prefix\n"));
}

static void test_names_other_file(void **state)
{
    struct test *t = *state;
    struct object_summaries *list = object_summaries_new(t->run);
    static const slice texts[] = {SLICE(BACKUP("a", "x", "")), SLICE(BACKUP("b", "x", ""))};
    static const slice names[] = {SLICE("one.yaml"), SLICE("two.yaml")};
    for (uint32_t i = 0; i < 2; i++) {
        slice name = names[i];
        assert_true(object_summaries_note(list, i, name, judge(t, i, texts[i])));
    }
    struct across across;
    assert_true(across_judge(t->gate, t->run, &list, 1, &across));
    assert_int_equal(across.count, 1);
    assert_true(across_judge(t->gate, t->run, &list, 1, &across)); /* and nothing is used up */
    assert_int_equal(across.count, 1);
    const struct across_diagnostic *rows = across.diagnostics;
    assert_int_equal(rows[0].file, 1);
    assert_slice("message", rows[0].diagnostic.message,
                 LIT("Backup tidb/a (one.yaml:11) writes to the same folder"));
    assert_slice("path", rows[0].diagnostic.path, LIT("spec.s3.prefix"));
    assert_slice("note", rows[0].diagnostic.note, LIT(""));
}

/* Judged and compared as one file. */
static struct across whole(struct test *t, slice text, const struct stream_verdict **ret)
{
    struct object_summaries *list = object_summaries_new(t->run);
    struct across across;
    *ret = judge(t, 0, text);
    assert_true(object_summaries_note(list, 0, LIT("file"), *ret));
    assert_true(across_judge(t->gate, t->run, &list, 1, &across));
    return across;
}

static bool says(const struct stream_verdict *s, const struct rule *rule)
{
    for (const struct verdict *v = s->first; v; v = v->next)
        for (size_t i = 0; i < v->diagnostic_count; i++)
            if (v->diagnostics[i].rule == rule)
                return true;
    return false;
}

static void test_permissions(void **state)
{
    struct test *t = *state;
    static const struct {
        const char *label;
        slice text;
        bool fires;
    } table[] = {
        {"nothing said", SLICE(BACKUP("a", "x", "---\n") BACKUP("b", "x", "")), true},
        {"comment",
         SLICE(BACKUP("a", "x", "---\n") BACKUP("b", "x # brgate: allow shared-prefix: moves tomorrow", "")),
         false},
        {"comment at the first",
         SLICE(BACKUP("a", "x # brgate: allow shared-prefix: why", "---\n") BACKUP("b", "x", "")), true},
        {"annotation",
         SLICE(BACKUP("a", "x", "---\n")
                   BACKUP("b, annotations: { brgate.io/allow.shared-prefix: why }", "x", "")),
         false},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        const struct stream_verdict *s;
        struct across across = whole(t, table[i].text, &s);
        assert_row(table[i].label, across.count == table[i].fires);
        assert_row(table[i].label, across.suppressed == !table[i].fires);
        assert_row(table[i].label, !says(s, &rule_suppression));
    }
}

static void test_policy(void **state)
{
    struct test *t = *state;
    struct policy policy = {0};
    struct error why;
    assert_true(policy_set(&policy, LIT("shared-prefix"), POLICY_OFF, &why));
    gate_close(t->gate);
    t->gate = gate_open(&policy, &builtin_schemas);
    const struct stream_verdict *s;
    assert_int_equal(whole(t, LIT(BACKUP("a", "x", "---\n") BACKUP("b", "x", "")), &s).count, 0);
}

/* One finding for each but the first, and no comparison of all with all: 20,000 would take minutes. */
static void test_crowd(void **state)
{
    struct test *t = *state;
    enum { CROWD = 20000 };
    struct object_summaries *list = object_summaries_new(t->run);
    for (uint32_t i = 0; i < CROWD; i++) {
        char text[400];
        snprintf(text, sizeof text, BACKUP("n%u", "x", ""), (unsigned)i);
        assert_true(object_summaries_note(list, i, LIT("file"), judge(t, 0, slice_of(text))));
    }
    struct across across;
    assert_true(across_judge(t->gate, t->run, &list, 1, &across));
    assert_int_equal(across.count, CROWD - 1);
}

static void test_no_memory(void **state)
{
    struct test *t = *state;
    const struct stream_verdict *stream = judge(t, 0, LIT(BACKUP("a", "x", "---\n") BACKUP("b", "x/y", "")));
    bool noted = false, compared = false;
    for (uint64_t nth = 1; !noted || !compared; nth++) {
        struct arena *a = arena_new((size_t)1 << 24);
        struct object_summaries *list = object_summaries_new(a);
        struct across across = {0};
        arena_fail_at(a, nth);
        noted = object_summaries_note(list, 0, LIT("file"), stream);
        compared = noted && across_judge(t->gate, a, &list, 1, &across);
        arena_free(a);
        assert_true(nth < 1000);
        if (compared)
            assert_int_equal(across.count, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_any_distribution, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_other_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_permissions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_policy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_crowd, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
