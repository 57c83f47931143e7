/* What the reconciler would do about a new object, in one line. */
#ifndef BRGATE_PLAN_LINE_H
#define BRGATE_PLAN_LINE_H

#include "model.h"
#include "schema.h"

/* Returns the line, in the arena. The cluster that the object names is taken to be ready and its Secrets to be complete: an
 * admission request tells nothing of them. */
slice plan_line(struct arena *a, const struct schema_set *schemas, const struct resource *o, int64_t now);

#endif
