/* The rules that a schema cannot express. Rules read the model and add findings; they never fail and never change the
 * object. */
#ifndef BRGATE_RULES_H
#define BRGATE_RULES_H

#include "model.h"
#include "schema.h"

struct rule_run {
    struct arena *arena;
    struct findings *findings;
    enum context context;
    int64_t now;                   /* Unix seconds */
    const struct resource *object; /* the judged object: the new one; on DELETE the deleted one */
    const struct resource *old;    /* UPDATE only */
};

/* Marks string values that a template left behind (`${bucket}`, `<your-bucket>`, `***`), before the schema.
 * Manifests only: on admission a placeholder is a value like any other. */
void rules_mark_placeholders(struct node *root);

/* Runs all rules on one object. On UPDATE this includes the transition from `old`. */
void rules_judge(struct rule_run *run);

/* The member of status that says that a backup has begun, and that the new object has lost: "phase", "commitTs" or
 * "backupPath". NULL when there is none. Only in pingcap.com, where status is written with the object, can that be. */
const char *rules_lost_status(const struct node *object, const struct node *old_object);

/* The last stage: completes and rewrites the findings of the schema and the rules in an object of the kind, which is one of
 * the set's, and drops those that another finding already covers. */
void rules_explain(struct findings *f, enum context context, const struct schema_set *schemas,
                   const struct schema_kind *kind);

#endif
