/* Inside the verdict layer: judging one object, from its tree to the rows of a verdict. */
#ifndef BRGATE_JUDGE_H
#define BRGATE_JUDGE_H

#include "rules.h"
#include "suppress.h"

struct gate {
    struct policy policy;
    struct rule_levels levels; /* what the policy makes of the rules */
    const struct schema_set *schemas;
    struct arena *arena; /* of the gate itself and its schemas */
};

struct judging {
    const struct gate *gate;
    struct arena *arena;
    struct findings *findings;     /* of this object */
    struct regex_scratch *scratch; /* of the arena */
    enum context context;
    int64_t now;
    slice bytes;                    /* of the stream; empty on admission */
    const struct line_table *lines; /* of the bytes; NULL on admission */
};

/* An empty list of findings for an object that is judged in that context. */
struct findings judge_findings(const struct gate *g, struct arena *a, enum context context);

/* Judges the object in `root`, whose nodes it flags and which it completes: schema, model, rules. The findings
 * are in j->findings. `old` is the object before an update, or NULL. */
const struct resource *judge_object(struct judging *j, const struct schema_kind *kind, struct node *root,
                                    const struct resource *old);

/* An object as the API server has stored it: it has been through the schema, and only what has become a default
 * since is filled in. */
const struct resource *judge_stored(struct judging *j, const struct schema_kind *kind, struct node *root);

/* Sets the status of a verdict on an object of a kind that brgate does not know: SKIPPED, or BROKEN with a finding
 * where it seems to be one of ours. */
void recognise(struct judging *j, struct verdict *v);

/* Makes the verdict's rows of the findings: severities by the policy, suppressed ones set apart, by position,
 * each text once in a place. `in_object` are the suppressions of the object's annotations, `in_text` those of
 * the stream's comments; what is wrong with those that stand in the object's document is reported as well. */
void judge_close(struct judging *j, const struct suppressions *in_object, const struct suppressions *in_text,
                 struct verdict *v);

/* Keeps LIMIT_FINDINGS errors and as many warnings; the others are counted. Comes last: what is suppressed, or was
 * there before an update, takes no error's place. */
void judge_limit(struct verdict *v);

/* Whether two rows say the same of the same place. */
bool diagnostic_same(const struct diagnostic *a, const struct diagnostic *b);

#endif
