/* Regular expressions of Go's package regexp (RE2 syntax), as the API server, BR and the operator read them.
 *
 * A pattern is parsed strictly as Go parses it and translated to PCRE2 syntax, so what Go refuses is refused (look-
 * around, backreferences, possessive and atomic groups, \Z, a**, counts over 1000) and what the two interpret
 * differently ($, \s, ^ after (?m), script names) means what it means in Go. Matching is unanchored and answers
 * yes or no only; there are no captures. [Go: regexp/syntax] */
#ifndef BRGATE_REGEX_H
#define BRGATE_REGEX_H

#include "arena.h"
#include "refusal.h"

struct regex;
struct regex_scratch;

enum regex_verdict {
    REGEX_GOOD,
    REGEX_BAD,       /* Go refuses it as well; the refusal's `why` is Go's message */
    REGEX_TOO_LARGE, /* Go may accept it, but it exceeds our limits: the result is unknown */
};

enum regex_flag { REGEX_NOCASE = 1 }; /* as if the pattern began with (?i) */

/* Compiles `pattern` with flags of enum regex_flag. All memory comes from `a`. Sets `*ret` on REGEX_GOOD, `refusal`
 * otherwise. A compiled pattern is constant: threads may share it. */
enum regex_verdict regex_compile(struct arena *a, slice pattern, unsigned flags, const struct regex **ret,
                                 struct refusal *refusal);

/* Makes the memory for matching: one per arena (request) serves any number of patterns, one match at a time.
 * After the first matches it takes nothing more from the arena. */
struct regex_scratch *regex_scratch_new(struct arena *a);
struct arena *regex_scratch_arena(const struct regex_scratch *scratch);

enum regex_outcome {
    REGEX_NO,
    REGEX_YES,
    REGEX_TOO_COSTLY, /* LIMIT_PATTERN_STEPS reached: the result is unknown */
};

/* Returns whether the pattern matches anywhere in `text`. Each byte that is not UTF-8 counts as U+FFFD. */
enum regex_outcome regex_match(const struct regex *re, slice text, struct regex_scratch *scratch);

#endif
