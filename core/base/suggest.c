#include "suggest.h"

#include <stdint.h>

enum { LONGEST = 63 };

static char fold(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c + 32);
    return c == '_' ? '-' : c;
}

size_t suggest_distance(slice a, slice b)
{
    if (a.n > LONGEST || b.n > LONGEST)
        return SLICE_NONE;
    uint8_t rows[3][LONGEST + 1]; /* two rows back, one back, current: swaps look two rows back */
    uint8_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.n; j++)
        last[j] = (uint8_t)j;
    for (size_t i = 1; i <= a.n; i++) {
        row[0] = (uint8_t)i;
        for (size_t j = 1; j <= b.n; j++) {
            char x = fold(a.p[i - 1]), y = fold(b.p[j - 1]);
            size_t best = (size_t)last[j - 1] + (x != y);
            if (last[j] + 1u < best)
                best = last[j] + 1u;
            if (row[j - 1] + 1u < best)
                best = row[j - 1] + 1u;
            if (i > 1 && j > 1 && x == fold(b.p[j - 2]) && fold(a.p[i - 2]) == y && before[j - 2] + 1u < best)
                best = before[j - 2] + 1u;
            row[j] = (uint8_t)best;
        }
        uint8_t *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[b.n];
}

slice suggest_nearest(slice got, const slice *candidates, size_t count)
{
    slice nearest = {0};
    size_t best = 5;
    for (size_t i = 0; i < count; i++) {
        slice c = candidates[i];
        size_t longer = got.n > c.n ? got.n : c.n, distance = suggest_distance(got, c);
        if (distance < best && distance * 3 <= longer) {
            best = distance;
            nearest = c;
        }
    }
    return nearest;
}
