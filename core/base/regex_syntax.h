/* Go's regular expression syntax, rewritten as PCRE2's; private to regex.c. */
#ifndef BRGATE_REGEX_SYNTAX_H
#define BRGATE_REGEX_SYNTAX_H

#include "buf.h"
#include "regex.h"

enum {
    REGEX_FOLD = 1,     /* (?i) */
    REGEX_LINES = 2,    /* (?m) */
    REGEX_DOT_ALL = 4,  /* (?s) */
    REGEX_UNGREEDY = 8, /* (?U): no influence on yes or no */
};

/* Puts a pattern that means the same to PCRE2 with PCRE2_UTF and PCRE2_DOTALL. */
enum regex_verdict regex_translate(slice go, unsigned flags, struct buf *out, struct refusal *refusal);

/* Puts the ASCII class of that name ("alpha", or "\d" with its backslash) for use inside brackets. False when
 * there is no such class. */
bool regex_put_ascii_class(struct buf *out, slice name, bool negated, bool fold);

/* Puts \p{...} for the name as Go takes it: a general category, its long name, or a script of one word. False
 * when Go knows no such name. */
bool regex_put_unicode_class(struct buf *out, slice name, bool negated, bool fold);

#endif
