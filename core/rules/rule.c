/* What rules share. */
#include "rule.h"

#include "ceilings.h"
#include "suggest.h"

#include <stdarg.h>
#include <stdio.h>

struct finding *rule_missing(struct rule_run *run, enum rule_id rule, const struct node *parent,
                             const char *child, const struct text *field, const char *format, ...)
{
    char text[LIMIT_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    bool stands_there = field && field->node && !(field->node->flags & NODE_GONE);
    struct finding *x =
        finding_add(run->findings, rule, FIELD_REQUIRED, stands_there ? field->node : parent, "%s", text);
    if (!stands_there) {
        x->at_key = true;
        x->child = slice_of(child);
    }
    return x;
}

struct finding *rule_refused(struct rule_run *run, enum rule_id rule, const struct text *field,
                             const struct refusal *refusal)
{
    struct finding *x = finding_add(run->findings, rule, FIELD_INVALID, field->node, "%.*s: %s",
                                    FMT(node_value(run->arena, field->node)), refusal->why);
    if (refusal->n) {
        x->from = refusal->at;
        x->to = refusal->at + refusal->n;
    }
    if (refusal->hint[0])
        finding_hint(run->findings, x, "%s", refusal->hint);
    if (refusal->better[0])
        x->suggested = arena_copy(run->arena, slice_of(refusal->better));
    return x;
}

struct finding *rule_unsupported(struct rule_run *run, enum rule_id rule, const struct text *field,
                                 const slice *values, size_t count)
{
    struct buf b = buf_new(run->arena, LIMIT_MESSAGE_BYTES);
    for (size_t i = 0; i < count; i++) {
        buf_put(&b, i ? LIT(", ") : (slice){0});
        buf_quote(&b, values[i]);
    }
    struct finding *x =
        finding_add(run->findings, rule, FIELD_NOT_SUPPORTED, field->node, "%.*s: supported values: %.*s",
                    FMT(node_value(run->arena, field->node)), FMT(buf_slice(&b)));
    slice near = suggest_nearest(field->value, values, count);
    if (near.n) {
        x->suggested = near;
        finding_hint(run->findings, x, "did you mean %.*s?%s", FMT(near),
                     slice_eq_nocase(near, field->value) ? " Case matters." : "");
    }
    return x;
}

bool slice_among(slice s, const slice *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(s, values[i]))
            return true;
    return false;
}
