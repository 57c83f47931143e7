/* Which errors of an update were there before it: those that the old object has as well, and that follow from what
 * the update leaves as it was.
 *
 * To tell, what the two objects have in common is judged twice, with placeholders for the values that the update
 * touches, of which rules conclude nothing: once without the members that it adds or removes, once with a placeholder
 * for each of those. What is found both times does not depend on what was touched. The words of two findings may be the
 * same though one bad value has followed another; this goes by the values. */
#ifndef BRGATE_RATCHET_H
#define BRGATE_RATCHET_H

#include "verdict.h"

struct one_sided; /* members that only the old or only the new object has */

/* Makes of the old object what both have in common: a copy would double the memory of a review. Elements of lists are
 * compared one by one. */
struct one_sided *ratchet_reduce(struct arena *a, struct node *before, const struct node *now);

/* Puts a placeholder for each of the members into the reduced object. */
void ratchet_fill(struct arena *a, const struct one_sided *members);

/* Takes off what a rule says of a placeholder because it is there, whatever it holds. */
void ratchet_forget_touched(struct findings *f);

/* Makes each error of `v` a warning that all the others have, too. Sorts their diagnostics. */
void ratchet(struct verdict *v, struct verdict *const *others, size_t count);

#endif
