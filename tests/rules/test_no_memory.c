/* Every allocation fails once: judging then gives no verdict at all, never a different one. */
#include "check.h"

#include "builtin_schemas.h"
#include "fixtures.h"
#include "review.h"

#include <string.h>

enum { ARENA_BYTES = 1 << 30 };

static struct gate *gate;

static void check_manifest(struct arena *a, const struct fixture *f)
{
    const struct stream_verdict *s = NULL;
    for (uint64_t nth = 1; !s; nth++) {
        arena_reset(a);
        uint64_t before = arena_allocations(a);
        arena_fail_at(a, nth);
        s = verdict_manifest(gate, a, f->manifest, FIXTURE_NOW);
        if (s)
            assert_row(f->slug, arena_allocations(a) - before < nth);
    }
    arena_fail_at(a, 0);
}

/* The creation of the fixture's first object as the API server would send it. */
static slice review_of(struct arena *a, const struct fixture *f)
{
    struct findings unread = findings_new(a);
    const struct document *d = stream_read(a, f->manifest, &unread)->first;
    slice version = d ? node_text(node_get(d->root, LIT("apiVersion"))) : (slice){0};
    size_t slash = slice_find_char(version, '/');
    if (slash == SLICE_NONE)
        return (slice){0};
    struct buf b = buf_new(a, ARENA_BYTES);
    buf_put(&b, LIT("{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{"
                    "\"uid\":\"u\",\"operation\":\"CREATE\",\"kind\":{\"group\":"));
    buf_json_string(&b, slice_cut(version, 0, slash));
    buf_put(&b, LIT(",\"version\":"));
    buf_json_string(&b, slice_from(version, slash + 1));
    buf_put(&b, LIT(",\"kind\":"));
    buf_json_string(&b, node_text(node_get(d->root, LIT("kind"))));
    buf_put(&b, LIT("},\"object\":"));
    node_put_json(&b, d->root, false);
    buf_put(&b, LIT("}}"));
    return buf_slice(&b);
}

static void check_review(struct arena *a, slice body, enum endpoint endpoint, const char *slug)
{
    slice whole = {0};
    for (uint64_t nth = 1; !whole.n; nth++) {
        struct review_facts log = {0};
        arena_reset(a);
        uint64_t before = arena_allocations(a);
        arena_fail_at(a, nth);
        whole = review_answer(gate, a, endpoint, body, FIXTURE_NOW, &log);
        if (slice_find(whole, LIT("takes more memory")) != SLICE_NONE) /* denied unjudged */
            whole = (slice){0};
        if (whole.n)
            assert_row(slug, arena_allocations(a) - before < nth);
    }
    arena_fail_at(a, 0);
}

static void test_no_verdict_without_memory(void **state)
{
    (void)state;
    struct arena *files = arena_new(ARENA_BYTES), *a = arena_new(ARENA_BYTES);
    const struct fixtures all = fixtures_read(files, NULL, 0);
    for (size_t i = 0; i < all.count; i++) {
        if (strcmp(all.items[i].slug, "too-many-findings") ==
            0) /* thousands of allocations of the same kind */
            continue;
        check_manifest(a, &all.items[i]);
        slice body = review_of(files, &all.items[i]);
        if (!body.n)
            continue;
        check_review(a, body, ENDPOINT_VALIDATE, all.items[i].slug);
        check_review(a, body, ENDPOINT_MUTATE, all.items[i].slug);
    }
    arena_free(a);
    arena_free(files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_verdict_without_memory)};
    const struct policy policy = {0};
    gate = gate_open(&policy, &builtin_schemas);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    gate_close(gate);
    return failed;
}
