/* Which errors of an update were there before it: those that the old object has as well, and that follow from what
 * the update leaves as it was.
 *
 * To tell, the new object is judged twice more, with placeholders for the values that the update touches, of which
 * rules conclude nothing: once with one for each member that it adds or removes, once without those. What is found
 * both times does not depend on what was touched. The words of two findings may be the same though one bad value has
 * followed another; this goes by the values. */
#ifndef BRGATE_RATCHET_H
#define BRGATE_RATCHET_H

#include "verdict.h"

/* What stands for a member that only the old or only the new object has. */
enum ratchet_stand_in { RATCHET_PLACEHOLDER, RATCHET_NOTHING };

/* A copy of `now` without what the update touches. Elements of lists are compared one by one. */
struct node *ratchet_untouched(struct arena *a, const struct node *now, const struct node *before,
                               enum ratchet_stand_in stand_in);

/* Takes off what a rule says of a placeholder because it is there, whatever it holds. */
void ratchet_forget_touched(struct findings *f);

/* Makes each error of `v` a warning that all the others have, too. Sorts their diagnostics. */
void ratchet(struct verdict *v, struct verdict *const *others, size_t count);

#endif
