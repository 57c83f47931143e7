/* Says in one line what the reconciler would do about a new object. */
#ifndef BRGATE_PLAN_LINE_H
#define BRGATE_PLAN_LINE_H

#include "model.h"
#include "schema.h"

/* Returns the line, in the arena. It assumes that the object's cluster is ready and its Secrets are complete: an admission
 * request does not show them. */
slice plan_line(struct arena *a, const struct schema_set *schemas, const struct resource *o, int64_t now);

#endif
