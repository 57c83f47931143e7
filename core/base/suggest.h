/* "did you mean": the nearest of some names. */
#ifndef BRGATE_SUGGEST_H
#define BRGATE_SUGGEST_H

#include "slice.h"

/* Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`; a letter's other case and '-'
 * for '_' cost nothing. Texts over 63 bytes are never near. */
size_t suggest_distance(slice a, slice b);

/* The candidate that is nearest to `got`, if it is near enough to be a slip (a third of the longer one's
 * length, at most four edits, and no word of a camelCase name replaced by another); the empty slice otherwise. The first of equally near ones. */
slice suggest_nearest(slice got, const slice *candidates, size_t count);

#endif
