/* Closing a verdict: findings become diagnostics. */
#include "judge.h"

#include "brgate_limits.h"
#include "edit.h"
#include "utf8.h"
#include "verdict_rules.h"

#include <stdlib.h>

/* The keys of a document may have megabytes, and each diagnostic contains its path. */
static slice path_of(struct arena *a, const struct place *p)
{
    slice path = p->node ? node_path(a, p->node) : (slice){0};
    if (p->kind == PLACE_MISSING)
        path = path.n ? arena_fmt(a, "%.*s.%.*s", FMT(path), FMT(p->member)) : p->member;
    return utf8_cut(path, LIMIT_MESSAGE_BYTES);
}

static enum severity severity_of(const struct evaluation *j, const struct rule *rule)
{
    return (enum severity)rule_level_of(&j->gate->levels, rule)->severity[j->context];
}

static struct diagnostic diagnostic_of(const struct evaluation *j, const struct finding *x)
{
    struct diagnostic d = {
        .rule = x->rule,
        .severity = severity_of(j, x->rule),
        .error = x->error,
        .path = path_of(j->arena, &x->place),
        .message = x->message,
        .hint = x->hint,
        .suggested = x->edit.text,
        .note = x->note,
    };
    if (j->bytes.n) {
        place_span(x->place, j->bytes, &d.from, &d.to);
        if (x->note.n)
            place_span(x->note_place, j->bytes, &d.note_from, &d.note_to);
        struct text_edit edit = edit_text(j->arena, &x->edit, j->bytes);
        d.edit_text = edit.text;
        d.edit_from = edit.from;
        d.edit_to = edit.to;
    } else if (x->place.node) { /* sorts a change's findings in the order of the object's members */
        d.from = d.to = x->place.node->at;
    }
    return d;
}

int diagnostic_cmp(const struct diagnostic *a, const struct diagnostic *b)
{
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    int order = strcmp(a->rule->slug, b->rule->slug);
    if (!order)
        order = slice_cmp(a->path, b->path);
    return order ? order : slice_cmp(a->message, b->message);
}

static int by_place(const void *p, const void *q)
{
    return diagnostic_cmp(p, q);
}

static void note_suppressed(struct evaluation *j, struct verdict *v, const struct diagnostic *d,
                            const struct suppression *s)
{
    struct suppressed *used = ARENA_NEW(j->arena, struct suppressed);
    *used = (struct suppressed){v->suppressed, d->rule, d->path, s->reason};
    v->suppressed = used;
}

struct collector {
    struct evaluation *evaluation;
    const struct suppressions *in_object, *in_text;
    struct verdict *verdict;
    struct diagnostic *diagnostics;
    size_t count;
};

static void collect(struct collector *c, const struct findings *f)
{
    for (const struct finding *x = f->first; x; x = x->next) {
        struct diagnostic d = diagnostic_of(c->evaluation, x);
        if (d.severity == SEVERITY_OFF)
            continue;
        const struct suppression *s = suppression_for(c->in_object, &d, c->evaluation->lines);
        if (!s)
            s = suppression_for(c->in_text, &d, c->evaluation->lines);
        if (s)
            note_suppressed(c->evaluation, c->verdict, &d, s);
        else
            c->diagnostics[c->count++] = d;
    }
}

/* Neither a policy nor an annotation allows this: the remaining errors are not known. */
static struct diagnostic too_many(const struct evaluation *j, const struct verdict *v)
{
    return (struct diagnostic){
        .rule = &rule_too_many_findings,
        .severity = SEVERITY_ERROR,
        .message = arena_fmt(j->arena, "more than %d errors: %zu are not looked at", LIMIT_ERRORS,
                             j->findings->dropped_errors),
        .hint = LIT("fix those that are shown"),
        .from = v->at,
        .to = v->at,
    };
}

void judge_close(struct evaluation *j, const struct suppressions *in_object,
                 const struct suppressions *in_text, struct verdict *v)
{
    struct findings about = judge_findings(j->gate, j->arena, j->context); /* the suppressions themselves */
    struct collector c = {.evaluation = j, .in_object = in_object, .in_text = in_text, .verdict = v};
    /* What the suppressions themselves get wrong is known only when all that they silence has been seen. */
    c.diagnostics = ARENA_ARRAY(j->arena, struct diagnostic,
                                1 + j->findings->count + suppressions_count(in_object, v) +
                                    suppressions_count(in_text, v));
    collect(&c, j->findings);
    suppressions_report(in_object, v, &about);
    suppressions_report(in_text, v, &about);
    collect(&c, &about);
    if (j->findings->dropped_errors)
        c.diagnostics[c.count++] = too_many(j, v);
    qsort(c.diagnostics, c.count, sizeof *c.diagnostics, by_place);
    for (size_t i = 0; i < c.count; i++) {
        v->errors += c.diagnostics[i].severity == SEVERITY_ERROR;
        v->warnings += c.diagnostics[i].severity == SEVERITY_WARNING;
    }
    v->diagnostic_count = c.count;
    v->diagnostics = c.diagnostics;
    v->dropped = j->findings->dropped;
}

void judge_limit(struct verdict *v)
{
    size_t kept = 0, errors = 0, warnings = 0;
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        size_t *count = v->diagnostics[i].severity == SEVERITY_ERROR ? &errors : &warnings;
        if (*count == LIMIT_FINDINGS)
            continue;
        ++*count;
        v->diagnostics[kept++] = v->diagnostics[i];
    }
    v->dropped += v->diagnostic_count - kept;
    v->diagnostic_count = kept;
    v->errors = errors;
    v->warnings = warnings;
}
