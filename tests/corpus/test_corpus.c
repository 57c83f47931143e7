/* The official documents' manifests, and reviews as a real API server sent them. */
#include "check.h"

#include "../domain/tsv.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "file.h"
#include "fixtures.h"
#include "report.h"
#include "review.h"

enum { ARENA_BYTES = 1 << 30 };

static struct gate *gate;
static struct arena *arena;

static slice read_file(const char *folder, slice name)
{
    char path[300];
    slice bytes;
    snprintf(path, sizeof path, "tests/corpus/%s/%.*s", folder, FMT(name));
    struct error error;
    if (!file_read(arena, path, LIMIT_STREAM_BYTES, &bytes, &error)) {
        print_error("%s\n", error.text);
        fail();
    }
    return bytes;
}

/* The next word of the text, which it is taken from; the empty slice at the end. */
static slice next_word(slice *text)
{
    *text = slice_trim(*text);
    slice word = slice_cut(*text, 0, slice_find_char(*text, ' '));
    *text = slice_from(*text, word.n);
    return word;
}

static bool is_reported(const struct stream_verdict *s, slice wanted)
{
    for (const struct verdict *v = s->first; v; v = v->next) {
        for (size_t i = 0; i < v->diagnostic_count; i++) {
            char text[400];
            snprintf(text, sizeof text, "%s:%s@%.*s", severity_word(v->diagnostics[i].severity),
                     v->diagnostics[i].rule->slug, FMT(v->diagnostics[i].path));
            if (slice_eq(slice_of(text), wanted))
                return true;
        }
    }
    return false;
}

static void check_not_an_error(const char *label, const struct stream_verdict *s, slice path)
{
    for (const struct verdict *v = s->first; v; v = v->next) {
        for (size_t i = 0; i < v->diagnostic_count; i++) {
            const struct diagnostic *r = &v->diagnostics[i];
            if (r->severity != SEVERITY_ERROR || !(slice_eq(path, LIT("*")) || slice_eq(path, r->path)))
                continue;
            print_error("%s: must not be an error: %.*s: %.*s [%s]\n", label, FMT(r->path), FMT(r->message),
                        r->rule->slug);
            fail();
        }
    }
}

static void check_manifest(const struct tsv_row *row)
{
    slice bytes = read_file("manifests", row->column[0]);
    const struct stream_verdict *s = verdict_manifest(gate, arena, bytes, FIXTURE_NOW);
    assert_non_null(s);
    struct report_totals totals = {0};
    report_count(&totals, s);
    assert_row(row->label, report_failed(&totals, FAIL_ON_ERROR) == slice_eq(row->column[1], LIT("1")));
    slice words = row->column[2];
    for (slice wanted; (wanted = next_word(&words)).n;) {
        if (is_reported(s, wanted))
            continue;
        print_error("%s: not reported: %.*s\n", row->label, FMT(wanted));
        fail();
    }
    words = row->column[3];
    for (slice path; (path = next_word(&words)).n;)
        check_not_an_error(row->label, s, path);
    arena_reset(arena);
}

static void test_manifests(void **state)
{
    (void)state;
    assert_int_equal(tsv_each("tests/corpus/manifests.tsv", check_manifest), 27);
}

/* ---- reviews ---- */

static const char *answer_word(enum endpoint endpoint, slice body, struct review_facts *log)
{
    slice answer = review_answer(gate, arena, endpoint, body, FIXTURE_NOW, log);
    if (!answer.n)
        return "failed";
    if (!log->answered)
        return "refused";
    return !log->allowed ? "denied" : log->patched ? "patched" : "allowed";
}

static void check_review(const struct tsv_row *row)
{
    static const enum endpoint endpoints[] = {ENDPOINT_VALIDATE, ENDPOINT_MUTATE};
    for (size_t i = 0; i < 2; i++) {
        struct review_facts log = {0};
        slice body = read_file("reviews", row->column[0]);
        assert_slice(row->label, slice_of(answer_word(endpoints[i], body, &log)), row->column[2 + i]);
        assert_slice(row->label, log.operation, row->column[1]);
        arena_reset(arena);
    }
}

static void test_reviews(void **state)
{
    (void)state;
    assert_int_equal(tsv_each("tests/corpus/reviews.tsv", check_review), 26);
}

/* An object of a megabyte: 12,000 filters, as a user might list tables one by one. */
static slice big_review(struct arena *a)
{
    struct buf b = buf_new(a, ARENA_BYTES);
    buf_put(&b, LIT("{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":{"
                    "\"uid\":\"big\",\"kind\":{\"group\":\"br.pingcap.com\",\"version\":\"v1alpha1\","
                    "\"kind\":\"Backup\"},\"operation\":\"CREATE\",\"object\":{"
                    "\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{"
                    "\"name\":\"big\",\"namespace\":\"test1\"},\"spec\":{\"br\":{\"cluster\":\"demo1\","
                    "\"options\":[\"--check=1\""));
    for (unsigned i = 0; i < 12000; i++)
        buf_fmt(&b, ",\"--filter=db%u.table_%u_with_a_long_name_%040u\"", i, i, i);
    buf_put(&b, LIT("]},\"s3\":{\"provider\":\"aws\",\"bucket\":\"b\",\"prefix\":\"p\"}}}}}"));
    assert_false(b.failed);
    return buf_slice(&b);
}

static void test_big_review(void **state)
{
    (void)state;
    struct arena *text = arena_new(ARENA_BYTES);
    const slice body = big_review(text);
    struct review_facts log = {0};
    assert_string_equal(answer_word(ENDPOINT_VALIDATE, body, &log), "allowed");
    assert_true(arena_used(arena) < 10 * body.n);
    arena_reset(arena);
    arena_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifests),
        cmocka_unit_test(test_reviews),
        cmocka_unit_test(test_big_review),
    };
    const struct policy policy = {0};
    gate = gate_open(&policy, &builtin_schemas);
    arena = arena_new(ARENA_BYTES);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    gate_close(gate);
    return failed;
}
