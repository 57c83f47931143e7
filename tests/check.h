/* cmocka with slices. Include first in every test. */
#ifndef BRGATE_CHECK_H
#define BRGATE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "slice.h"

#include <stdio.h>

/* Fails with both texts and the row's label when they differ. */
#define assert_slice(label, got, want) check_slice((label), (got), (want), __FILE__, __LINE__)

static inline void check_slice(const char *label, slice got, slice want, const char *file, int line)
{
    if (slice_eq(got, want))
        return;
    print_error("%s:\n   got: %.*s\n  want: %.*s\n", label, FMT(got), FMT(want));
    _fail(file, line);
}

/* A condition with the row of the table it belongs to. */
#define assert_row(label, condition)                                                                         \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            print_error("row: %s\n", (label));                                                               \
            _fail(__FILE__, __LINE__);                                                                       \
        }                                                                                                    \
    } while (0)

#endif
