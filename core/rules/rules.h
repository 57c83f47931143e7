/* What a schema cannot say. Rules read the model and add findings; they never fail and never change the
 * object. */
#ifndef BRGATE_RULES_H
#define BRGATE_RULES_H

#include "model.h"
#include "schema.h"

struct rule_run {
    struct arena *arena;
    struct findings *findings;
    enum context context;
    int64_t now;                 /* Unix seconds */
    const struct object *object; /* what is judged: the new object; on DELETE the one that goes */
    const struct object *old;    /* UPDATE only */
};

/* Marks string values that a template left behind (`${bucket}`, `<your-bucket>`, `***`) before the schema
 * check, and reports each. Manifests only: on admission a placeholder is a value like any other. */
void rules_mark_placeholders(struct arena *a, struct findings *f, struct node *root);

/* On admission, after the other rules: reports placeholders of which no other finding speaks. */
void rules_report_placeholders(struct arena *a, struct findings *f, struct node *root);

/* Completes the findings that pruning has made: where the field belongs, or which group has it. */
void rules_explain_unknown(struct arena *a, struct findings *f, const struct schema_kind *kind);

/* Completes the findings of the schema check where a rule knows more than the schema. */
void rules_explain_values(struct arena *a, struct findings *f, const struct schema_kind *kind);

/* Everything that is known of one object. On UPDATE this includes the transition from `old`. */
void rules_judge(struct rule_run *run);

#endif
