/* Finds the nearest name by edit distance (Damerau-Levenshtein, restricted to adjacent swaps). */
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

static size_t word_end(slice s)
{
    size_t i = s.n > 0;
    while (i < s.n && !(s.p[i] >= 'A' && s.p[i] <= 'Z' && s.p[i - 1] >= 'a' && s.p[i - 1] <= 'z'))
        i++;
    return i;
}

/* In two names with the same number of words, no word may be replaced: storageType is not storageSize. */
static bool words_agree(slice a, slice b)
{
    size_t n = 0, m = 0;
    for (slice s = a; s.n; s = slice_from(s, word_end(s)))
        n++;
    for (slice s = b; s.n; s = slice_from(s, word_end(s)))
        m++;
    while (n == m && a.n && b.n) {
        slice x = slice_cut(a, 0, word_end(a)), y = slice_cut(b, 0, word_end(b));
        size_t longer = x.n > y.n ? x.n : y.n;
        if (suggest_distance(x, y) * 2 > longer)
            return false;
        a = slice_from(a, x.n);
        b = slice_from(b, y.n);
    }
    return true;
}

slice suggest_nearest(slice got, const slice *candidates, size_t count)
{
    slice nearest = {0};
    size_t best = 5;
    for (size_t i = 0; i < count; i++) {
        slice c = candidates[i];
        size_t longer = got.n > c.n ? got.n : c.n, distance = suggest_distance(got, c);
        if (distance < best && distance * 3 <= longer && words_agree(got, c)) {
            best = distance;
            nearest = c;
        }
    }
    return nearest;
}

bool suggest_unknown(struct error *reterr, const char *what, slice got, slice near, const char *otherwise)
{
    slice shown = got.n ? got : LIT("''");
    return near.n ? error_set(reterr, "unknown %s %.*s; did you mean %.*s?", what, FMT(shown), FMT(near))
                  : error_set(reterr, "unknown %s %.*s%s", what, FMT(shown), otherwise);
}

bool suggest_expected(struct error *reterr, slice got, const slice *words, size_t count)
{
    struct error line = {"expected "};
    slice near = suggest_nearest(got, words, count);
    for (size_t i = 0; i < count; i++)
        error_set(&line, "%s%s%.*s", line.text, i == 0 ? "" : i + 1 == count ? " or " : ", ", FMT(words[i]));
    return near.n ? error_set(reterr, "%s; did you mean %.*s?", line.text, FMT(near))
                  : error_set(reterr, "%s", line.text);
}

bool suggest_unknown_of(struct error *reterr, const char *what, slice got, const slice *words, size_t count)
{
    struct error expected, otherwise;
    suggest_expected(&expected, (slice){0}, words, count);
    error_set(&otherwise, ": %s", expected.text);
    return suggest_unknown(reterr, what, got, suggest_nearest(got, words, count), otherwise.text);
}
