/* Helpers that the rules share. */
#include "checks.h"

#include "brgate_limits.h"
#include "duration.h"
#include "suggest.h"

struct place at_member(const struct node *parent, const char *name)
{
    const struct node *n = node_get(parent, slice_of(name));
    bool written = n && !(n->flags & NODE_DEFAULTED);
    return written ? at_value(n) : at_missing(parent, slice_of(name));
}

const struct node *written_member(const struct node *parent, const char *name)
{
    for (const struct node *c = parent->first; c; c = c->next)
        if (slice_eq(c->key, slice_of(name)))
            return c;
    return NULL;
}

struct place at_block(const struct node *parent, const char *name)
{
    const struct node *empty = written_member(parent, name);
    return empty ? at_key(empty) : at_missing(parent, slice_of(name));
}

const char *block_hint(struct place place, const char *otherwise)
{
    return place.kind == PLACE_KEY ? "it is empty: indent the fields that belong under it" : otherwise;
}

void rule_did_you_mean(struct finding *x, struct place place, slice near, slice written)
{
    if (!near.n)
        return;
    finding_edit(x, place, near);
    finding_hint(x, "did you mean %.*s?%s", FMT(near),
                 slice_eq_nocase(near, written) ? " Case matters." : "");
}

struct finding *rule_refused(struct rule_run *run, const struct rule *rule, const struct text *field,
                             const struct refusal *refusal)
{
    if (findings_full(run->findings, rule))
        return finding_unkept(run->findings);
    struct finding *x = finding_at(run->findings, rule, FIELD_INVALID,
                                   at_part(field->node, refusal->at, refusal->at + refusal->n), "%.*s: %s",
                                   FMT(node_value(run->arena, field->node)), refusal->why);
    if (refusal->hint[0])
        finding_hint(x, "%s", refusal->hint);
    if (refusal->better[0])
        finding_edit(x, at_value(field->node), arena_copy(run->arena, slice_of(refusal->better)));
    return x;
}

struct finding *rule_refused_duration(struct rule_run *run, const struct rule *rule,
                                      const struct duration_field *d)
{
    struct refusal why = {0};
    int64_t ignored;
    duration_parse(d->text.value, &ignored, &why);
    return rule_refused(run, rule, &d->text, &why);
}

struct finding *rule_unsupported(struct rule_run *run, const struct rule *rule, const struct text *field,
                                 const slice *values, size_t count)
{
    struct buf b = buf_new(run->arena, LIMIT_MESSAGE_BYTES);
    for (size_t i = 0; i < count; i++) {
        buf_put(&b, i ? LIT(", ") : (slice){0});
        buf_quote(&b, values[i]);
    }
    struct finding *x = finding_at(run->findings, rule, FIELD_NOT_SUPPORTED, at_value(field->node),
                                   "%.*s: supported values: %.*s", FMT(node_value(run->arena, field->node)),
                                   FMT(buf_slice(&b)));
    rule_did_you_mean(x, at_value(field->node), suggest_nearest(field->value, values, count), field->value);
    return x;
}

bool value_usable(const struct node *n)
{
    return n && !(n->flags & (NODE_BAD | NODE_PLACEHOLDER));
}

bool value_is_text(const struct node *n)
{
    return value_usable(n) && n->kind == NODE_STRING;
}

bool job_is_compaction(const struct job_spec *job)
{
    return job->role == JOB_OF_COMPACTION;
}

bool job_is_dumpling(const struct rule_run *run, const struct job_spec *job)
{
    return !job_is_compaction(job) && backup_is_dumpling(run->object->group, job->node);
}
