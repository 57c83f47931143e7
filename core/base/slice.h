/* Text as pointer and length. A slice never owns its bytes, is not NUL-terminated and may hold NUL: its `p`
 * never goes to a C string function. An empty slice may have a NULL `p`. */
#ifndef BRGATE_SLICE_H
#define BRGATE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct slice {
    const char *p;
    size_t n;
} slice;

/* The number of elements of an array (not of a pointer). */
#define COUNT(array) (sizeof(array) / sizeof *(array))

#define LIT(s) ((slice){"" s, sizeof(s) - 1})
#define SLICE(s)                                                                                             \
    {                                                                                                        \
        "" s, sizeof(s) - 1                                                                                  \
    }                                       /* LIT for static initialisers */
#define FMT(s)     (int)(s).n, slice_c((s)) /* for "%.*s" */
#define SLICE_NONE ((size_t)-1)

static inline const char *slice_c(slice s) /* for FMT: printf takes no NULL, not even for no bytes */
{
    return s.p ? s.p : "";
}

slice slice_of(const char *text); /* NULL gives the empty slice */
/* Inline: look-ups by name compare many slices that differ in length or in their first byte. */
static inline bool slice_eq(slice a, slice b)
{
    return a.n == b.n && (a.n == 0 || (a.p[0] == b.p[0] && memcmp(a.p, b.p, a.n) == 0));
}
bool slice_eq_nocase(slice a, slice b);   /* ASCII letters only */
int slice_cmp(slice a, slice b);          /* order of bytes, as memcmp */
bool slice_starts(slice s, slice prefix); /* true for an empty prefix */
bool slice_ends(slice s, slice suffix);   /* true for an empty suffix */

/* Offset of the first occurrence, or SLICE_NONE. */
size_t slice_find(slice s, slice what);
size_t slice_find_char(slice s, char c);

slice slice_from(slice s, size_t from); /* the rest; `from` beyond the end gives the empty slice */
/* Returns whether one of the values equals `s`, byte by byte. */
bool slice_among(slice s, const slice *values, size_t count);
slice slice_cut(slice s, size_t from, size_t length); /* clamped to the end of `s` */
slice slice_trim(slice s);                            /* without spaces and tabs at both ends */
slice slice_trim_slashes(slice s);                    /* without slashes at both ends */

#endif
