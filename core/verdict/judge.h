/* Inside the verdict layer: judging one object, from its tree to the rows of a verdict. */
#ifndef BRGATE_JUDGE_H
#define BRGATE_JUDGE_H

#include "rules.h"
#include "suppress.h"

struct gate {
    struct policy policy;
    struct rule_levels levels; /* what the policy makes of the rules */
    const struct schema_set *schemas;
    struct arena *arena; /* of the schemas */
};

struct judging {
    const struct gate *gate;
    struct arena *arena;
    struct findings *findings;     /* of this object */
    struct regex_scratch *scratch; /* of the arena */
    enum context context;
    const struct schema_kind *kind; /* of this object */
    int64_t now;
    slice bytes;                    /* of the stream; empty on admission */
    const struct line_table *lines; /* of the bytes; NULL on admission */
};

/* An empty list of findings for an object that is judged in that context. */
struct findings judge_findings(const struct gate *g, struct arena *a, enum context context);

/* Prunes, defaults and checks the tree and decodes it. */
const struct object *judge_schema(struct judging *j, const struct schema_kind *kind, struct node *root);

/* The same for an object that the API server has stored: it has been through the schema, and only what has
 * become a default since is filled in. */
const struct object *judge_stored(struct judging *j, const struct schema_kind *kind, struct node *root);

/* `old` is the object before an update, or NULL. */
void judge_rules(struct judging *j, const struct object *object, const struct object *old);

/* Makes the verdict's rows of the findings: severities by the policy, suppressed ones set apart, by position,
 * each text once in a place. `in_object` are the suppressions of the object's annotations, `in_text` those of
 * the stream's comments; what is wrong with those that stand in the object's document is reported as well. */
void judge_close(struct judging *j, const struct suppressions *in_object, const struct suppressions *in_text,
                 struct verdict *v);

/* Whether two rows say the same of the same place. */
bool row_same_text(const struct row *a, const struct row *b);

#endif
