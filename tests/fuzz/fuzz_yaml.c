/* The YAML reader: what it takes reads back the same, printed as JSON and as YAML. */
#include "fuzz.h"

#include "brgate_limits.h"
#include "document.h"
#include "position.h"

static slice json_of(struct arena *a, const struct node *n)
{
    struct buf b = buf_new(a, SIZE_MAX / 2);
    node_put_json(&b, n, false);
    return buf_slice(&b);
}

static void check_document(struct arena *a, const struct document *d)
{
    struct findings f = findings_new(a);
    struct buf yaml = buf_new(a, SIZE_MAX / 2);
    slice json = json_of(a, d->root);
    node_put_yaml(&yaml, d->root, false);
    if (json.n > LIMIT_DOCUMENT_BYTES / 8 || buf_slice(&yaml).n > LIMIT_DOCUMENT_BYTES)
        return; /* aliases: few bytes that expand to more than a document may have */
    const struct node *copy = json_read(a, json, &f);
    PROMISE(copy && f.count == 0);
    json = json_of(a, copy); /* -0e0 has become 0, as in Go */
    const struct document *again = stream_read(a, buf_slice(&yaml), &f)->first;
    PROMISE(f.count == 0 && again && again->root && !again->next && slice_eq(json, json_of(a, again->root)));
}

static void check(struct arena *a, slice bytes)
{
    struct findings f = findings_new(a);
    struct stream *s = stream_read(a, bytes, &f);
    for (const struct finding *x = f.first; x; x = x->next) {
        uint32_t from, to;
        place_span(x->place, bytes, &from, &to);
        PROMISE(from <= to && to <= bytes.n && (from < to || bytes.n == 0));
    }
    for (const struct document *d = s->first; d; d = d->next) {
        PROMISE(d->at <= d->end && d->end <= bytes.n);
        PROMISE(d->root || f.count);
        /* Lists become their items when they are read again. */
        if (d->root && !node_get(d->root, LIT("items")) && d->root->kind == NODE_OBJECT && d->root->count)
            check_document(a, d);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_in_arena(check, data, size);
}
