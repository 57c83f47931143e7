/* Parses numbers strictly and prints doubles as Go does. */
#include "num.h"

#include "ascii.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool num_u64(slice s, uint64_t *ret)
{
    uint64_t value = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (!ascii_is_digit(s.p[i]) || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value))
            return false;
    }
    if (s.n)
        *ret = value;
    return s.n > 0;
}

bool num_i64(slice s, int64_t *ret)
{
    bool negative = s.n && s.p[0] == '-';
    uint64_t value;
    if (!num_u64(slice_from(s, negative), &value) || value > (uint64_t)INT64_MAX + negative)
        return false;
    *ret = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

static size_t digits(slice s, size_t i)
{
    while (i < s.n && ascii_is_digit(s.p[i]))
        i++;
    return i;
}

static bool looks_decimal(slice s)
{
    size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0, start = i;
    i = digits(s, i);
    size_t count = i - start;
    if (i < s.n && s.p[i] == '.') {
        start = ++i;
        i = digits(s, i);
        count += i - start;
    }
    if (count == 0)
        return false;
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        i++;
        if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
            i++;
        start = i;
        i = digits(s, i);
        if (i == start)
            return false;
    }
    return i == s.n;
}

bool num_f64(struct arena *a, slice s, double *ret)
{
    char small[64], *text = small;
    if (!looks_decimal(s))
        return false;
    if (s.n >= sizeof small)
        text = arena_bytes(a, s.n + 1);
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    double value = strtod(text, NULL); /* the program never leaves the "C" locale */
    if (isinf(value))
        return false;
    *ret = value;
    return true;
}

static void put_shortest(struct buf *b, double value, int least_exponent)
{
    char text[32];
    if (!isfinite(value)) {
        bool json = least_exponent == -6;
        buf_put(b, json ? LIT("null") : isnan(value) ? LIT("NaN") : value > 0 ? LIT("+Inf") : LIT("-Inf"));
        return;
    }
    for (int precision = 0; precision < 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, value);
        if (strtod(text, NULL) == value)
            break;
    }
    char *e = strchr(text, 'e'); /* always there */
    int exponent = (int)strtol(e + 1, NULL, 10);
    if (value != 0 && (exponent < least_exponent || exponent >= 21)) {
        /* Go writes at least two digits (1e+21, 1e-07); encoding/json cleans e-07 up to e-7. */
        bool json = least_exponent == -6;
        *e = 0;
        buf_fmt(b, json && exponent < 0 && exponent > -10 ? "%se%+d" : "%se%+03d", text, exponent);
        return;
    }
    int mantissa = (int)(e - text) - (text[0] == '-');
    int fraction = (mantissa > 1 ? mantissa - 2 : 0) - exponent; /* digits behind the point */
    if (fraction >= 0) {
        buf_fmt(b, "%.*f", fraction, value);
        return;
    }
    *e = 0; /* Go fills up with zeros: the shortest digits, not the exact ones */
    if (mantissa > 1) {
        char *point = strchr(text, '.');
        memmove(point, point + 1, strlen(point));
    }
    buf_fmt(b, "%s%0*d", text, -fraction, 0);
}

void num_put_f64(struct buf *b, double value)
{
    put_shortest(b, value, -6);
}

void num_put_f64_v(struct buf *b, double value)
{
    put_shortest(b, value, -4);
}
