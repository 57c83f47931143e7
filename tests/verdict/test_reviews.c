/* Properties of every answer, tested on reviews that a real API server sent. */
#include "reviewing.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES = 64 << 10, MOST_FILES = 100 };

#define FOLDER "tests/corpus/reviews"

static char *names[MOST_FILES];
static size_t name_count;

static int by_name(const void *p, const void *q)
{
    return strcmp(*(char *const *)p, *(char *const *)q);
}

static void find_reviews(void)
{
    DIR *d = opendir(FOLDER);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d));)
        if (slice_ends(slice_of(e->d_name), LIT(".json")))
            names[name_count++] = strdup(e->d_name);
    closedir(d);
    qsort(names, name_count, sizeof *names, by_name);
    assert_true(name_count >= 26);
}

static slice read_review(struct arena *a, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, FOLDER "/%s", name);
    char *bytes = arena_alloc(a, 1, BODY_BYTES);
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    size_t n = fread(bytes, 1, BODY_BYTES, in);
    assert_true(n > 0 && n < BODY_BYTES);
    fclose(in);
    return (slice){bytes, n};
}

static bool has(const struct answer *answer, const char *path)
{
    return node_at(answer->root, path) != NULL;
}

static bool is(slice operation, const char *wanted)
{
    return slice_eq(operation, slice_of(wanted));
}

static void check_answer(const char *name, struct arena *a, enum endpoint endpoint)
{
    slice body = read_review(a, name);
    struct answer first = ask_gate(plain_gate(), a, endpoint, body, TEST_NOW);
    struct answer second = ask_gate(plain_gate(), a, endpoint, body, TEST_NOW);
    assert_slice(name, second.body, first.body);
    assert_row(name, first.log.answered);
    assert_row(name, has(&first, "response.patch") == first.log.patched);
    assert_row(name, !first.log.patched || endpoint == ENDPOINT_MUTATE);
    assert_row(name, !(has(&first, "response.patch") && !first.allowed));
    assert_row(name, has(&first, "response.patch") == has(&first, "response.patchType"));
    if (is(first.log.operation, "DELETE") || first.log.sub_resource.n)
        assert_row(name, first.allowed && !first.log.patched);
    if (first.allowed)
        return;
    const struct node *status = node_at(first.root, "response.status");
    assert_slice(name, node_get(status, LIT("reason"))->text, LIT("Invalid"));
    assert_int_equal(node_get(status, LIT("code"))->integer, 422);
    const struct node *causes = node_at(status, "details.causes");
    assert_row(name, node_first(causes));
    for (const struct node *n = node_first(causes); n; n = node_next(n))
        assert_row(name, node_get(n, LIT("reason"))->text.n && node_get(n, LIT("message"))->text.n &&
                             node_get(n, LIT("field"))->text.n);
}

static void test_every_answer(void **state)
{
    for (size_t i = 0; i < name_count; i++) {
        check_answer(names[i], *state, ENDPOINT_VALIDATE);
        check_answer(names[i], *state, ENDPOINT_MUTATE);
    }
}

/* The review's object, put in place of by `object`. */
static slice with_object(struct arena *a, slice body, slice object)
{
    struct findings f = findings_new(a);
    struct node *root = json_read(a, body, &f), *changed = json_read(a, object, &f);
    struct node *request = node_get(root, LIT("request")), *old = node_get(request, LIT("object"));
    old->flags |= NODE_SHADOWED;
    changed->key = LIT("object");
    node_append(request, changed);
    struct buf b = buf_new(a, BODY_BYTES);
    node_put_json(&b, root, false);
    assert_false(b.failed);
    return buf_slice(&b);
}

static slice object_in(struct arena *a, slice body)
{
    struct findings f = findings_new(a);
    const struct node *object = node_at(json_read(a, body, &f), "request.object");
    struct buf b = buf_new(a, BODY_BYTES);
    if (object && object->kind == NODE_OBJECT)
        node_put_json(&b, object, false);
    return buf_slice(&b);
}

/* The patched object needs no further patch, and defaults do not make an object wrong. */
static void test_patches_settle(void **state)
{
    struct arena *a = *state;
    size_t patched = 0;
    for (size_t i = 0; i < name_count; i++) {
        slice body = read_review(a, names[i]);
        struct answer first = ask_gate(plain_gate(), a, ENDPOINT_MUTATE, body, TEST_NOW);
        if (!first.log.patched)
            continue;
        patched++;
        slice after = with_object(a, body, patched_object(a, &first, object_in(a, body)));
        struct answer again = ask_gate(plain_gate(), a, ENDPOINT_MUTATE, after, TEST_NOW);
        assert_row(names[i], !again.log.patched && again.allowed);
        struct answer before = ask_gate(plain_gate(), a, ENDPOINT_VALIDATE, body, TEST_NOW),
                      judged = ask_gate(plain_gate(), a, ENDPOINT_VALIDATE, after, TEST_NOW);
        assert_slice(names[i], answer_causes(a, &judged), answer_causes(a, &before));
    }
    assert_true(patched >= 5);
}

static void test_schema_faults_are_told_all_at_once(void **state)
{
    slice body = read_review(*state, "k1.36.2_v1_m_mutating-create-schema-invalid.json");
    struct answer answer = ask_gate(plain_gate(), *state, ENDPOINT_MUTATE, body, TEST_NOW);
    assert_false(answer.allowed);
    assert_true(slice_find(answer_causes(*state, &answer), LIT("schema-")) != SLICE_NONE);
}

/* ---- hostile bytes ---- */

/* Half a review is no review: it is never answered as allowed. */
static void test_cut_anywhere(void **state)
{
    struct arena *a = *state, *own = arena_new((size_t)1 << 30);
    slice body = read_review(a, "k1.36.2_v1_03_update-spec.json");
    while (body.p[body.n - 1] == '\n')
        body.n--;
    for (size_t n = 0; n < body.n; n++) {
        struct review_facts log;
        char *copy = malloc(n + 1); /* so that the sanitizer sees the end */
        memcpy(copy, body.p, n);
        slice answer = review_answer(plain_gate(), own, ENDPOINT_VALIDATE, (slice){copy, n}, TEST_NOW, &log);
        assert_true(answer.n > 0 && !log.answered && !log.allowed && log.error.n > 0);
        arena_reset(own);
        free(copy);
    }
    arena_free(own);
}

/* Every byte replaced in turn: an answer of either kind, always JSON. */
static void test_any_byte_wrong(void **state)
{
    static const char bytes[] = {0, '"', '\\', '{', ']', (char)0xff, '9'};
    slice body = read_review(*state, "k1.36.2_v1_03_update-spec.json");
    struct arena *own = arena_new((size_t)1 << 30);
    for (size_t i = 0; i < body.n; i++) {
        for (size_t k = 0; k < sizeof bytes; k++) {
            char *wrong = memcpy(ARENA_ARRAY(own, char, body.n), body.p, body.n);
            wrong[i] = bytes[k];
            ask_gate(plain_gate(), own, k % 2 ? ENDPOINT_VALIDATE : ENDPOINT_MUTATE, (slice){wrong, body.n},
                     TEST_NOW);
            arena_reset(own);
        }
    }
    arena_free(own);
}

static slice nested(struct arena *a, const char *open, const char *close, size_t depth)
{
    struct buf b = buf_new(a, BODY_BYTES);
    buf_put(&b, LIT("{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":{"
                    "\"uid\":\"u\",\"kind\":{\"group\":\"br.pingcap.com\",\"version\":\"v1alpha1\","
                    "\"kind\":\"Backup\"},\"operation\":\"CREATE\",\"object\":{\"spec\":"));
    for (size_t i = 0; i < depth; i++)
        buf_put(&b, slice_of(open));
    buf_put(&b, LIT("1"));
    for (size_t i = 0; i < depth; i++)
        buf_put(&b, slice_of(close));
    buf_put(&b, LIT("}}}"));
    assert_false(b.failed);
    return buf_slice(&b);
}

static void test_depth(void **state)
{
    struct arena *a = *state;
    for (size_t depth = 1; depth < 8000; depth *= 5) {
        ask_gate(plain_gate(), a, ENDPOINT_VALIDATE, nested(a, "[", "]", depth), TEST_NOW);
        struct answer deep =
            ask_gate(plain_gate(), a, ENDPOINT_MUTATE, nested(a, "{\"s3\":", "}", depth), TEST_NOW);
        assert_true(depth < 200 || !deep.log.answered);
        assert_false(deep.allowed);
    }
}

#define REVIEW "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\""

static void test_not_a_review(void **state)
{
    static const char *const bodies[] = {
        "",
        "null",
        "[]",
        "{}",
        "\"x\"",
        "{\"apiVersion\":\"admission.k8s.io/v1beta1\",\"kind\":\"AdmissionReview\"}",
        REVIEW "}",
        REVIEW ",\"request\":{\"uid\":\"\"}}",
        REVIEW ",\"request\":{\"uid\":7}}",
        REVIEW ",\"request\":{\"uid\":\"a\\u0000b\"}}",
    };
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct answer answer =
            ask_gate(plain_gate(), *state, ENDPOINT_VALIDATE, slice_of(bodies[i]), TEST_NOW);
        assert_row(bodies[i], !answer.log.answered && !answer.allowed && answer.log.error.n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_answer, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_patches_settle, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_schema_faults_are_told_all_at_once, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_cut_anywhere, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_any_byte_wrong, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_depth, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_not_a_review, arena_setup, arena_teardown),
    };
    find_reviews();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    while (name_count)
        free(names[--name_count]);
    return failed;
}
