/* Decides which errors of an update were there before it: those that the old object has as well, and that depend only
 * on values that the update leaves unchanged.
 *
 * To decide this, the common part of the two objects is judged twice, with placeholders (from which rules conclude
 * nothing) for the values that the update touches: once without the members that it adds or removes, once with a
 * placeholder for each of those. An error found both times does not depend on a touched value. Comparing texts alone
 * would not do: two findings may have the same text although one bad value has replaced another. */
#ifndef BRGATE_RATCHET_H
#define BRGATE_RATCHET_H

#include "verdict.h"

struct one_sided; /* members that only the old or only the new object has */

/* Reduces the old object, in place, to the common part of both: a copy would double the memory of a review. Elements
 * of lists are compared one by one. */
struct one_sided *ratchet_reduce(struct arena *a, struct node *before, const struct node *now);

/* Puts a placeholder for each of the members into the reduced object. */
void ratchet_fill(struct arena *a, const struct one_sided *members);

/* Removes findings about the presence of a placeholder, whatever its value. */
void ratchet_forget_touched(struct findings *f);

/* Turns each error of `v` that all the others have too into a warning. Sorts the diagnostics of the others. */
void ratchet(struct verdict *v, struct verdict *const *others, size_t count);

#endif
