/* The regular expressions of all compiled schemas, compiled once per process. */
#ifndef BRGATE_PATTERNS_H
#define BRGATE_PATTERNS_H

#include "schema.h"

/* Whether the text matches; a match that costs more than LIMIT_PATTERN_STEPS counts as none. Scratch memory
 * comes from the arena. `pattern` must be one of those that patterns_open() compiled. */
bool patterns_match(const struct patterns *p, slice pattern, slice text, struct arena *a);

#endif
