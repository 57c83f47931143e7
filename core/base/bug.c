/* Reports a broken invariant and aborts. */
#include "bug.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void bug(const char *file, int line, const char *condition)
{
    fprintf(stderr, "brgate: internal error at %s:%d: %s\n", file, line, condition);
    abort();
}
