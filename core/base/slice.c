/* Comparing, searching and cutting slices. */
#include "slice.h"

#include "ascii.h"

#include <string.h>

slice slice_of(const char *text)
{
    return text ? (slice){text, strlen(text)} : (slice){0};
}

bool slice_eq_nocase(slice a, slice b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
            return false;
    return true;
}

int slice_cmp(slice a, slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool slice_starts(slice s, slice prefix)
{
    return s.n >= prefix.n && slice_eq((slice){s.p, prefix.n}, prefix);
}

bool slice_ends(slice s, slice suffix)
{
    return s.n >= suffix.n && slice_eq(slice_from(s, s.n - suffix.n), suffix);
}

size_t slice_find(slice s, slice what)
{
    if (what.n == 0)
        return 0;
    const char *hit = s.n ? memmem(s.p, s.n, what.p, what.n) : NULL;
    return hit ? (size_t)(hit - s.p) : SLICE_NONE;
}

size_t slice_find_char(slice s, char c)
{
    const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;
    return hit ? (size_t)(hit - s.p) : SLICE_NONE;
}

slice slice_from(slice s, size_t from)
{
    return from >= s.n ? (slice){0} : (slice){s.p + from, s.n - from};
}

slice slice_cut(slice s, size_t from, size_t length)
{
    slice rest = slice_from(s, from);
    return (slice){rest.p, rest.n < length ? rest.n : length};
}

slice slice_trim(slice s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = slice_from(s, 1);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

slice slice_trim_slashes(slice s)
{
    while (s.n && s.p[0] == '/')
        s = slice_from(s, 1);
    while (s.n && s.p[s.n - 1] == '/')
        s.n--;
    return s;
}

bool slice_among(slice s, const slice *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(s, values[i]))
            return true;
    return false;
}
