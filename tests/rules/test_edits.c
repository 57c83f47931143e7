/* The edits of the diagnostics, over every fixture: applied to the text they make one that can be read, of which
 * the rule no longer says the same, and which has no more errors than before. */
#include "check.h"

#include "builtin_schemas.h"
#include "fixtures.h"

#include <stdlib.h>

static struct gate *gate;
static size_t edits;

/* Counts the rule's findings at that path; the edit may move the text after it. */
static size_t count_of(const struct stream_verdict *s, const struct diagnostic *d)
{
    size_t n = 0;
    for (const struct verdict *v = s->first; v; v = v->next)
        for (size_t i = 0; i < v->diagnostic_count; i++)
            n += v->diagnostics[i].rule == d->rule && slice_eq(v->diagnostics[i].path, d->path);
    return n;
}

static size_t readable(const struct stream_verdict *s)
{
    size_t n = 0;
    for (const struct verdict *v = s->first; v; v = v->next)
        n += v->root != NULL;
    return n;
}

static void try_edit(const struct fixture *f, const struct stream_verdict *before, const struct diagnostic *d)
{
    struct arena *a = arena_new((size_t)1 << 28);
    slice bytes = f->manifest;
    assert_row(f->slug, d->edit_from <= d->edit_to && d->edit_to <= bytes.n);
    char *text = arena_alloc(a, 1, bytes.n + d->edit_text.n + 1);
    memcpy(text, bytes.p, d->edit_from);
    memcpy(text + d->edit_from, d->edit_text.p, d->edit_text.n);
    memcpy(text + d->edit_from + d->edit_text.n, bytes.p + d->edit_to, bytes.n - d->edit_to);
    slice edited = {text, bytes.n - (d->edit_to - d->edit_from) + d->edit_text.n};
    const struct stream_verdict *after = verdict_manifest(gate, a, edited, FIXTURE_NOW);
    assert_true(after);
    assert_row(f->slug, readable(after) == readable(before) && after->count == before->count);
    if (count_of(after, d) >= count_of(before, d)) {
        print_error("%s: %.*s at %.*s stays with %.*s\n", f->slug, FMT(slice_of(d->rule->slug)), FMT(d->path),
                    FMT(d->edit_text));
        fail();
    }
    bool broken = false; /* what could not be judged before has errors of its own */
    for (const struct verdict *v = before->first; v; v = v->next)
        broken = broken || v->status == VERDICT_BROKEN;
    if (!broken && after->errors > before->errors) {
        print_error("%s: %.*s at %.*s brings errors with %.*s\n", f->slug, FMT(slice_of(d->rule->slug)),
                    FMT(d->path), FMT(d->edit_text));
        fail();
    }
    edits++;
    arena_free(a);
}

static void edits_repair(void **state)
{
    (void)state;
    struct arena *a = arena_new((size_t)1 << 30);
    const struct policy policy = {0};
    gate = gate_open(&policy, &builtin_schemas);
    struct fixtures all = fixtures_read(a, NULL, 0);
    for (size_t i = 0; i < all.count; i++) {
        const struct fixture *f = &all.items[i];
        const struct stream_verdict *s = verdict_manifest(gate, a, f->manifest, FIXTURE_NOW);
        assert_true(s);
        for (const struct verdict *v = s->first; v; v = v->next)
            for (size_t k = 0; k < v->diagnostic_count; k++)
                if (v->diagnostics[k].edit_text.n)
                    try_edit(f, s, &v->diagnostics[k]);
    }
    assert_true(edits > 50);
    gate_close(gate);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(edits_repair)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
