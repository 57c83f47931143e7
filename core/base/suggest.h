/* "did you mean": the nearest of some names. */
#ifndef BRGATE_SUGGEST_H
#define BRGATE_SUGGEST_H

#include "error.h"
#include "slice.h"

/* Returns the number of edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`; a change of case
 * and '-' for '_' cost nothing. Texts over 63 bytes are never near. */
size_t suggest_distance(slice a, slice b);

/* Returns the candidate that is nearest to `got`, the first of equally near ones, if it is near enough to be a typing
 * error (a third of the longer one's length, at most four edits, and no word of a camelCase name replaced by another);
 * otherwise the empty slice. */
slice suggest_nearest(slice got, const slice *candidates, size_t count);

/* Set the error, and return false. An empty `got` is shown as ''.
 *   unknown:    "unknown WHAT GOT; did you mean NEAR?", and without a near name `otherwise` in the question's place;
 *   unknown_of: the same, with ": expected A, B or C" in its place;
 *   expected:   "expected A, B or C", and "; did you mean B?" when `got` is near one of them. */
bool suggest_unknown(struct error *reterr, const char *what, slice got, slice near, const char *otherwise);
bool suggest_unknown_of(struct error *reterr, const char *what, slice got, const slice *words, size_t count);
bool suggest_expected(struct error *reterr, slice got, const slice *words, size_t count);

#endif
