/* Judges a stream of documents from its text alone. */
#include "judge.h"

#include "mention.h"
#include "position.h"

#include <math.h>

struct shown_in {
    slice bytes;
    const struct document *document;
};

static bool is_shown_in(const struct finding *x, const void *context)
{
    const struct shown_in *in = context;
    const struct document *d = in->document;
    uint32_t at, to;
    place_span(x->place, in->bytes, &at,
               &to); /* something missing at the end of the text is reported at its last byte */
    return at >= d->at && at < (d->end > d->at ? d->end : d->at + 1);
}

static void describe(struct verdict *v)
{
    v->api_version = node_text_at(v->root, "apiVersion");
    v->kind = node_text_at(v->root, "kind");
    v->namespace = node_text_at(v->root, "metadata.namespace");
    v->name = node_text_at(v->root, "metadata.name");
    if (!v->name.n)
        v->name = node_text_at(v->root, "metadata.generateName");
}

/* kubectl reads numbers as the API server does, and writes a whole float without point or exponent: from then on it is an
 * integer. */
static void send_numbers(struct node *n)
{
    if (n->kind == NODE_FLOAT && n->real == trunc(n->real) && fabs(n->real) < 0x1p63) {
        n->kind = NODE_INT;
        n->integer = (int64_t)n->real;
    }
    if (n->kind == NODE_OBJECT || n->kind == NODE_ARRAY)
        for (struct node *c = node_first(n); c; c = node_next(c))
            send_numbers(c);
}

/* Whether an object of another kind is one only because of what the reader has found, such as a kind that is set again, or
 * has one of ours in a rest that kubectl ignores. */
static bool loses_ours(const struct evaluation *j, const struct document *d)
{
    return j->findings->first && text_names_ours(j->arena, slice_cut(j->bytes, d->at, d->end - d->at));
}

static struct verdict *judge_document(struct evaluation *j, const struct document *d,
                                      const struct suppressions *in_text)
{
    struct verdict *v = ARENA_NEW(j->arena, struct verdict);
    v->root = d->root;
    v->at = d->at;
    v->end = d->end;
    v->number = d->number;
    describe(v);
    const struct schema_kind *kind = gate_kind(j->gate, v->api_version, v->kind);
    struct suppressions *in_object = ARENA_NEW(j->arena, struct suppressions);
    v->allowed = in_object;
    if (!d->root) {
        v->status = VERDICT_BROKEN;
    } else if (!kind) {
        recognise(j, v);
    } else {
        send_numbers(d->root);
        v->object = judge_object(j, kind, d->root, NULL);
        *in_object = suppressions_in_annotations(j->arena, v->object);
    }
    if (v->status == VERDICT_SKIPPED && loses_ours(j, d))
        v->status = VERDICT_BROKEN;
    if (v->status == VERDICT_SKIPPED)
        return v;
    judge_close(j, in_object, in_text, v);
    judge_limit(v);
    return v;
}

static void count(struct stream_verdict *s, const struct verdict *v)
{
    s->count++;
    s->skipped += v->status == VERDICT_SKIPPED;
    s->errors += v->errors;
    s->warnings += v->warnings;
    for (const struct suppressed *x = v->suppressed; x; x = x->next)
        s->suppressed++;
}

struct manifest {
    const struct gate *gate;
    struct arena *arena;
    slice bytes;
    int64_t now;
    const struct stream_verdict *result;
};

static void judge_manifest(void *context)
{
    struct manifest *m = context;
    const struct gate *g = m->gate;
    struct arena *a = m->arena;
    slice bytes = m->bytes;
    struct stream_verdict *result = ARENA_NEW(a, struct stream_verdict);
    struct verdict **end = &result->first;
    struct findings unplaced = judge_findings(g, a, CONTEXT_MANIFEST);
    const struct stream *stream = stream_read(a, bytes, &unplaced);
    struct evaluation j = {.gate = g,
                           .arena = a,
                           .scratch = regex_scratch_new(a),
                           .context = CONTEXT_MANIFEST,
                           .now = m->now,
                           .bytes = bytes};
    j.lines = line_table_new(a, bytes);
    struct suppressions *in_text = ARENA_NEW(a, struct suppressions);
    *in_text = suppressions_in_text(a, bytes, j.lines);
    result->bytes = bytes;
    result->lines = j.lines;
    result->allowed = in_text;
    for (const struct document *d = stream->first; d; d = d->next) {
        j.gate = gate_in(g, node_text_at(d->root, "metadata.namespace"));
        struct findings found = judge_findings(j.gate, a, CONTEXT_MANIFEST);
        /* Items of a List share their List's bytes: the innermost one takes the reader's finding. */
        findings_move(&found, &unplaced, is_shown_in, &(struct shown_in){bytes, d});
        j.findings = &found;
        *end = judge_document(&j, d, in_text);
        count(result, *end);
        end = &(*end)->next;
    }
    if (unplaced.first || unplaced.dropped) { /* faults outside every document: of the stream itself */
        struct verdict *v = ARENA_NEW(a, struct verdict);
        v->status = VERDICT_BROKEN;
        j.gate = g;
        j.findings = &unplaced;
        judge_close(&j, &(struct suppressions){0}, &(struct suppressions){0}, v);
        judge_limit(v);
        *end = v;
        count(result, v);
    }
    m->result = result;
}

const struct stream_verdict *verdict_manifest(const struct gate *g, struct arena *a, slice bytes, int64_t now)
{
    struct manifest m = {.gate = g, .arena = a, .bytes = bytes, .now = now};
    return arena_run(a, judge_manifest, &m) ? m.result : NULL;
}
