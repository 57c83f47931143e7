/* Parses digits, decimal point and suffix, without a limit on the number of digits. */
#include "quantity.h"

#include "ascii.h"
#include "num.h"
#include "utf8.h"

#include <stdio.h>

__extension__ typedef unsigned __int128 wide;

#define WIDEST ((wide)-1 >> 1)

enum { NANO_PLACES = 9 };

static const struct {
    slice name;
    int power_of_ten, power_of_two;
} suffixes[] = {
    {SLICE(""), 0, 0},    {SLICE("n"), -9, 0},  {SLICE("u"), -6, 0},  {SLICE("m"), -3, 0},
    {SLICE("k"), 3, 0},   {SLICE("M"), 6, 0},   {SLICE("G"), 9, 0},   {SLICE("T"), 12, 0},
    {SLICE("P"), 15, 0},  {SLICE("E"), 18, 0},  {SLICE("Ki"), 0, 10}, {SLICE("Mi"), 0, 20},
    {SLICE("Gi"), 0, 30}, {SLICE("Ti"), 0, 40}, {SLICE("Pi"), 0, 50}, {SLICE("Ei"), 0, 60},
};

/* The number's digits without its point; the value is 0.d0d1d2... times 10^point. */
struct digits {
    slice whole, fraction;
    int64_t point;
};

static unsigned digit(const struct digits *d, int64_t i)
{
    if (i < 0)
        return 0;
    size_t at = (size_t)i;
    if (at < d->whole.n)
        return (unsigned)(d->whole.p[at] - '0');
    at -= d->whole.n;
    return at < d->fraction.n ? (unsigned)(d->fraction.p[at] - '0') : 0;
}

/* The digits times `unit`, rounded up. */
static wide multiply(const struct digits *d, wide unit)
{
    wide whole = 0, carry = 0;
    bool rest = false;
    int64_t last = (int64_t)(d->whole.n + d->fraction.n);
    for (int64_t i = 0; i < d->point; i++) {
        if (whole > (WIDEST - 9) / 10)
            return WIDEST;
        whole = whole * 10 + digit(d, i);
    }
    for (int64_t i = last - 1; i >= d->point; i--) { /* the fraction, from behind as by hand */
        wide t = digit(d, i) * unit + carry;
        rest = rest || t % 10;
        carry = t / 10;
    }
    if (whole > (WIDEST - carry - 1) / unit)
        return WIDEST;
    return whole * unit + carry + rest;
}

/* `1 Gi` and `1,5`: without its spaces, and with a point. A comma before three digits separates thousands. */
static bool propose_plain(slice s, struct refusal *refusal)
{
    char text[sizeof refusal->better];
    struct quantity ignored;
    size_t n = 0, comma = slice_find_char(s, ','), after = comma;
    if (!refusal || s.n >= sizeof text)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != ' ')
            text[n++] = s.p[i] == ',' ? '.' : s.p[i];
    while (after != SLICE_NONE && after + 1 < s.n && ascii_is_digit(s.p[after + 1]))
        after++;
    bool thousands = comma != SLICE_NONE && after - comma == 3;
    if (thousands || (n == s.n && comma == SLICE_NONE) || !quantity_parse((slice){text, n}, &ignored, NULL))
        return false;
    snprintf(refusal->better, sizeof refusal->better, "%.*s", (int)n, text);
    bool point = slice_find_char((slice){text, n}, '.') != SLICE_NONE; /* YAML would make it a number */
    if (point)
        refuse_hint(refusal, "write \"%s\" in quotes", refusal->better);
    else
        refuse_hint(refusal, "write %s", refusal->better);
    return true;
}

static bool unknown_suffix(slice s, size_t at, struct refusal *refusal)
{
    slice suffix = slice_from(s, at);
    refuse(refusal, at, suffix.n, "unknown suffix \"%.*s\"", FMT(utf8_cut(suffix, 40)));
    bool bytes = suffix.n > 1 && (suffix.p[suffix.n - 1] == 'B' || suffix.p[suffix.n - 1] == 'b');
    slice unit = bytes ? (slice){suffix.p, suffix.n - 1} : suffix;
    for (size_t i = 1; refusal && i < COUNT(suffixes); i++) {
        slice name = suffixes[i].name;
        bool letter = slice_eq(unit, LIT("K")) || slice_eq(unit, LIT("g")) || slice_eq(unit, LIT("t"));
        bool same = slice_eq_nocase(unit, name) && (bytes || name.n == 2 || letter);
        if (!same || suffixes[i].power_of_ten < 0 || at + name.n >= sizeof refusal->better)
            continue;
        snprintf(refusal->better, sizeof refusal->better, "%.*s%.*s", (int)at, s.p, FMT(name));
        refuse_hint(refusal, "write %s", refusal->better);
        return false;
    }
    if (propose_plain(s, refusal))
        return false;
    refuse_hint(refusal, "use n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or an exponent such as 1e3");
    return false;
}

static bool read_exponent(slice s, size_t at, int64_t *ret, struct refusal *refusal)
{
    slice text = slice_from(s, at + 1);
    bool sign = text.n && (text.p[0] == '+' || text.p[0] == '-');
    slice number = slice_from(text, sign);
    for (size_t i = 0; i < number.n; i++)
        if (!ascii_is_digit(number.p[i]))
            return unknown_suffix(s, at, refusal);
    if (number.n == 0)
        return unknown_suffix(s, at, refusal);
    if (number.n > 2)
        return refuse(refusal, at, s.n - at, "exponent of more than two digits");
    num_i64(number, ret);
    if (text.p[0] == '-')
        *ret = -*ret;
    return true;
}

bool quantity_parse(slice s, struct quantity *ret, struct refusal *refusal)
{
    struct digits d = {0};
    size_t at = s.n && (s.p[0] == '-' || s.p[0] == '+'), from = at;
    bool negative = at && s.p[0] == '-';
    while (at < s.n && ascii_is_digit(s.p[at]))
        at++;
    d.whole = slice_cut(s, from, at - from);
    if (at < s.n && s.p[at] == '.') {
        from = ++at;
        while (at < s.n && ascii_is_digit(s.p[at]))
            at++;
        d.fraction = slice_cut(s, from, at - from);
    }
    if (d.whole.n + d.fraction.n == 0)
        return refuse(refusal, 0, s.n, "not a quantity: expected a number such as 10Gi or 500m");
    slice suffix = slice_from(s, at);
    size_t k = 0, count = COUNT(suffixes);
    while (k < count && !slice_eq(suffix, suffixes[k].name))
        k++;
    int64_t exponent = 0;
    if (k < count)
        exponent = suffixes[k].power_of_ten;
    else if (suffix.p[0] != 'e' && suffix.p[0] != 'E')
        return unknown_suffix(s, at, refusal);
    else if (!read_exponent(s, at, &exponent, refusal))
        return false;
    bool binary = k < count && suffixes[k].power_of_two;
    d.point = (int64_t)d.whole.n + exponent + (binary ? 0 : NANO_PLACES);
    wide unit = binary ? ((wide)1 << suffixes[k].power_of_two) * 1000000000U : 1;
    ret->nanos = multiply(&d, unit);
    if (binary && ret->nanos > (wide)INT64_MAX * 1000000000U)
        ret->nanos = (wide)INT64_MAX * 1000000000U; /* Kubernetes holds these at int64's most */
    ret->negative = negative && ret->nanos > 0;
    return true;
}

int quantity_sign(const struct quantity *q)
{
    return q->nanos == 0 ? 0 : q->negative ? -1 : 1;
}

int quantity_cmp(const struct quantity *a, const struct quantity *b)
{
    int sign = quantity_sign(a), other = quantity_sign(b);
    if (sign != other)
        return sign < other ? -1 : 1;
    int order = (a->nanos > b->nanos) - (a->nanos < b->nanos);
    return sign < 0 ? -order : order;
}
