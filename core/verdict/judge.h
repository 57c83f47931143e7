/* Judges one object, from its tree to the diagnostics of a verdict; internal to the verdict layer. */
#ifndef BRGATE_JUDGE_H
#define BRGATE_JUDGE_H

#include "rules.h"
#include "suppress.h"

struct gate {
    struct policy policy;      /* without the settings for single namespaces: those are in `of_namespaces` */
    struct rule_levels levels; /* what the policy makes of the rules */
    const struct schema_set *schemas;
    struct arena *arena; /* of the gate itself and its schemas */
    struct gate_namespaces *of_namespaces;
    size_t of_namespaces_count;
};

/* The gate of some namespaces; it shares schemas and arena, and has none of its own. */
struct gate_namespaces {
    const slice *names;
    size_t name_count;
    struct gate gate;
};

struct evaluation {
    const struct gate *gate;
    struct arena *arena;
    struct findings *findings;     /* of this object */
    struct regex_scratch *scratch; /* of the arena */
    enum context context;
    int64_t now;
    slice bytes;                    /* of the stream; empty on admission */
    const struct line_table *lines; /* of the bytes; NULL on admission */
};

/* Returns an empty list of findings for an object that is judged in that context. */
struct findings judge_findings(const struct gate *g, struct arena *a, enum context context);

/* Judges the object in `root`, whose nodes it flags and which it completes: schema, model, rules. The findings
 * are in j->findings. `old` is the object before an update, or NULL. */
const struct resource *judge_object(struct evaluation *j, const struct schema_kind *kind, struct node *root,
                                    const struct resource *old);

/* Decodes an object as the API server has stored it: it has passed the schema, so only defaults that the schema has
 * gained since are added. */
const struct resource *judge_stored(struct evaluation *j, const struct schema_kind *kind, struct node *root);

/* Adds the defaults that the policy asks for to `root`, the tree of `object`; `old_root` as in defaults_apply(). */
void judge_default(const struct gate *g, struct arena *a, const struct resource *object, struct node *root,
                   const struct node *old_root);

/* Sets the status of a verdict on an object of a kind that brgate does not know: SKIPPED, or BROKEN with a finding
 * where it seems to be one of ours. */
void recognise(struct evaluation *j, struct verdict *v);

/* Turns the findings into the verdict's diagnostics: with severities by the policy, without suppressed ones, sorted by
 * position. `in_object` are the suppressions from the object's annotations, `in_text` those
 * from the stream's comments; faults of the suppressions in the object's document are reported as well. */
void judge_close(struct evaluation *j, const struct suppressions *in_object,
                 const struct suppressions *in_text, struct verdict *v);

/* Keeps LIMIT_FINDINGS errors and as many warnings; the others are only counted. Must be called last, so that findings
 * that are suppressed, or were there before an update, do not take the place of errors. */
void judge_limit(struct verdict *v);

#endif
