/* Decides which errors of an update were there before it: those that the old object has as well, and that depend only
 * on values that the update leaves unchanged.
 *
 * To decide this, the common part of the two objects is judged twice, with placeholders (from which rules conclude
 * nothing) for the values that the update touches: once without the members that it adds or removes, once with a
 * placeholder for each of those, where there are any. An error found both times does not depend on a touched value. Comparing texts alone
 * would not do: two findings may have the same text although one bad value has replaced another. */
#ifndef BRGATE_RATCHET_H
#define BRGATE_RATCHET_H

#include "verdict.h"

struct schema;
struct one_sided; /* members that only the old or only the new object has */

/* Moves elements of the old object's lists to where the update has those with the same keys, so that an element is compared
 * with itself. The keys are x-kubernetes-list-map-keys, by which the API server does so, or else mountPath, name or key;
 * elements that share one are not moved. Elements without a counterpart are compared in their order, with a
 * placeholder where the update has more of them; those of lists without keys are compared by their place. */
void ratchet_align(struct arena *a, const struct schema *s, struct node *before, const struct node *now);

/* Reduces the old object, in place, to the common part of both: a copy would double the memory of a review. Elements
 * of lists are compared one by one. */
struct one_sided *ratchet_reduce(struct arena *a, struct node *before, const struct node *now);

/* Puts a placeholder for each of the members into the reduced object. */
void ratchet_fill(struct arena *a, const struct one_sided *members);

/* Removes findings about the presence of a placeholder, whatever its value. */
void ratchet_forget_touched(struct findings *f);

/* Marks the first time the errors of `v` that the other has too, and later unmarks those that it does not have. Returns how
 * many are marked. Sorts the other's diagnostics. */
size_t ratchet_narrow(struct verdict *v, struct verdict *other, bool first);

/* Turns the marked errors into warnings. */
void ratchet_close(struct verdict *v);

#endif
