/* The whole gate, twice: the bytes as a manifest, and as a review. Whatever they are, the answer is whole,
 * the same on every run, and its places lie within the text. */
#include "fuzz.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "completed.h"
#include "document.h"
#include "review.h"

#include <string.h>

enum { NOW = 1780272000 };

/* Memory follows size; only aliases and merge keys of YAML make more of little. */
static void check_memory(const struct arena *a, size_t before, slice bytes, bool expands)
{
    size_t most = LIMIT_REVIEW_BASE_BYTES + LIMIT_REVIEW_FACTOR * bytes.n;
    if (expands)
        most += LIMIT_EXPANDED_NODES * sizeof(struct node);
    PROMISE(arena_used(a) - before <= most);
}

static void check_rows(const struct verdict *v, slice bytes)
{
    size_t errors = 0, warnings = 0;
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        const struct diagnostic *r = &v->diagnostics[i];
        PROMISE(r->from <= r->to && r->to <= bytes.n);
        PROMISE(r->note_from <= r->note_to && r->note_to <= bytes.n);
        PROMISE(r->message.n > 0 && slice_find_char(r->message, '\n') == SLICE_NONE);
        PROMISE(i == 0 ||
                diagnostic_cmp(&v->diagnostics[i - 1], r) < 0); /* sorted, and none is there twice */
        errors += r->severity == SEVERITY_ERROR;
        warnings += r->severity == SEVERITY_WARNING;
    }
    PROMISE(errors == v->errors && warnings == v->warnings);
}

static void judge_manifest(const struct gate *g, struct arena *a, slice bytes)
{
    const struct stream_verdict *s = verdict_manifest(g, a, bytes, NOW);
    if (!s)
        return;
    size_t errors = 0;
    for (struct verdict *v = s->first; v; v = v->next) {
        check_rows(v, bytes);
        PROMISE(v->status != VERDICT_BROKEN || v->errors || v->dropped);
        errors += v->errors;
    }
    PROMISE(errors == s->errors);
    check_memory(a, 0, bytes, memchr(bytes.p, '*', bytes.n) || memchr(bytes.p, '<', bytes.n));
    (void)verdict_complete(g, a, s);
}

static void judge_review(const struct gate *g, struct arena *a, slice bytes)
{
    for (int endpoint = ENDPOINT_VALIDATE; endpoint <= ENDPOINT_MUTATE; endpoint++) {
        struct review_facts first, second;
        size_t before = arena_used(a);
        slice answer = review_answer(g, a, (enum endpoint)endpoint, bytes, NOW, &first);
        check_memory(a, before, bytes, false);
        slice again = review_answer(g, a, (enum endpoint)endpoint, bytes, NOW, &second);
        PROMISE(slice_eq(answer, again) && first.allowed == second.allowed);
        PROMISE(!first.patched || (endpoint == ENDPOINT_MUTATE && first.allowed));
        PROMISE(first.answered || first.error.n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gate *g;
    static struct arena *a;
    if (!g) {
        g = gate_open(&(struct policy){0}, &builtin_schemas);
        a = arena_new((size_t)256 << 20);
    }
    slice bytes = {(const char *)data, size};
    arena_reset(a);
    judge_manifest(g, a, bytes);
    arena_reset(a);
    judge_review(g, a, bytes);
    return 0;
}
