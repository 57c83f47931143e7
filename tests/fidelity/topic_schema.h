/* Shared by the topics about our schemas. */
#ifndef BRGATE_TOPIC_SCHEMA_H
#define BRGATE_TOPIC_SCHEMA_H

#include "fidelity.h"

#include "schema.h"

/* Puts an object of that kind in JSON, without apiVersion and kind. The same dice give the same object, but for what `noise`,
 * which may be NULL, changes in it: values, members, and elements at the front of lists. */
void schema_put_object(struct dice *d, struct dice *noise, struct buf *b, const struct schema_kind *k);

/* By the name of its CRD; NULL when there is none. */
const struct schema_kind *schema_kind_named(slice name);

void schema_put_sorted(struct buf *b, slice *texts, size_t n, const char *between); /* each once */

#endif
