/* The functions with which compiling a schema adds to its set; internal to the schema layer. */
#ifndef BRGATE_SCHEMA_SET_H
#define BRGATE_SCHEMA_SET_H

#include "schema.h"

struct arena *schema_set_arena(const struct schema_set *set); /* that it was made in */

/* Returns the number of the pattern in `ret`; equal texts have one number. False, and why, when it does not
 * compile. */
bool schema_set_add_pattern(struct schema_set *set, slice text, uint16_t *ret, struct refusal *refusal);

/* Adds a kind whose schema refers to patterns of the set. */
void schema_set_add_kind(struct schema_set *set, struct schema_kind kind);

#endif
