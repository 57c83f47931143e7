/* Regular expressions of Go's package regexp (RE2 syntax), as the API server, BR and the operator read them.
 *
 * A pattern is read strictly as Go reads it and written anew for PCRE2, so what Go refuses is refused (look-
 * around, backreferences, possessive and atomic groups, \Z, a**, counts over 1000) and what both know but
 * understand differently ($, \s, ^ after (?m), script names) means what it means in Go. Matching is not
 * anchored and says yes or no only; there are no captures. [Go: regexp/syntax] */
#ifndef BRGATE_REGEX_H
#define BRGATE_REGEX_H

#include "arena.h"
#include "refusal.h"

struct regex;
struct regex_scratch;

enum regex_verdict {
    REGEX_GOOD,
    REGEX_BAD,       /* Go refuses it as well; the refusal's `why` is Go's message */
    REGEX_TOO_LARGE, /* Go may take it, but it is larger than our ceilings: nothing can be said about it */
};

enum regex_flag { REGEX_NOCASE = 1 }; /* as if the pattern began with (?i) */

/* All memory comes from `a`. What is compiled is constant: threads may share it. */
enum regex_verdict regex_compile(struct arena *a, slice pattern, unsigned flags, const struct regex **ret,
                                 struct refusal *refusal);

/* Memory for matching: one for each arena (request) serves any number of patterns, one match at a time.
 * After the first matches it takes nothing more from the arena. */
struct regex_scratch *regex_scratch_new(struct arena *a);
struct arena *regex_scratch_arena(const struct regex_scratch *scratch);

enum regex_outcome {
    REGEX_NO,
    REGEX_YES,
    REGEX_TOO_COSTLY, /* LIMIT_PATTERN_STEPS reached: nothing can be said */
};

/* Does the pattern match anywhere in `text`? Bytes that are not UTF-8 count as U+FFFD each. */
enum regex_outcome regex_match(const struct regex *re, slice text, struct regex_scratch *scratch);

#endif
