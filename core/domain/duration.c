/* Go's durations: a sum of decimal numbers, each with its unit. */
#include "duration.h"

#include "ascii.h"
#include "num.h"
#include "utf8.h"

static const struct unit {
    slice name;
    uint64_t ns;
} units[] = {
    {SLICE("ns"), 1},
    {SLICE("us"), 1000},
    {SLICE("\xc2\xb5s"), 1000}, /* U+00B5, micro sign */
    {SLICE("\xce\xbcs"), 1000}, /* U+03BC, Greek mu */
    {SLICE("ms"), 1000000},
    {SLICE("s"), DURATION_SECOND},
    {SLICE("m"), DURATION_MINUTE},
    {SLICE("h"), DURATION_HOUR},
};

static const uint64_t LARGEST = UINT64_C(1) << 63; /* the magnitude of INT64_MIN */

static bool too_large(slice s, struct refusal *refusal)
{
    refuse(refusal, 0, s.n, "duration out of range");
    refuse_hint(refusal, "the longest is 2562047h47m16s, about 292 years");
    return false;
}

/* Names that people use for units that Go lacks or calls otherwise; hours, or 0 for a plain synonym. */
static const struct {
    slice name;
    unsigned hours;
    const char *instead;
} foreign_units[] = {
    {SLICE("d"), 24, NULL},       {SLICE("day"), 24, NULL},    {SLICE("days"), 24, NULL},
    {SLICE("w"), 168, NULL},      {SLICE("week"), 168, NULL},  {SLICE("weeks"), 168, NULL},
    {SLICE("mo"), 720, NULL},     {SLICE("month"), 720, NULL}, {SLICE("months"), 720, NULL},
    {SLICE("y"), 8760, NULL},     {SLICE("yr"), 8760, NULL},   {SLICE("year"), 8760, NULL},
    {SLICE("years"), 8760, NULL}, {SLICE("hr"), 0, "h"},       {SLICE("hrs"), 0, "h"},
    {SLICE("hour"), 0, "h"},      {SLICE("hours"), 0, "h"},    {SLICE("min"), 0, "m"},
    {SLICE("mins"), 0, "m"},      {SLICE("minute"), 0, "m"},   {SLICE("minutes"), 0, "m"},
    {SLICE("sec"), 0, "s"},       {SLICE("secs"), 0, "s"},     {SLICE("second"), 0, "s"},
    {SLICE("seconds"), 0, "s"},   {SLICE("msec"), 0, "ms"},    {SLICE("usec"), 0, "us"},
    {SLICE("H"), 0, "h"},         {SLICE("S"), 0, "s"},        {SLICE("MS"), 0, "ms"},
    {SLICE("US"), 0, "us"},       {SLICE("NS"), 0, "ns"},
};

/* Suggests the text with a known unit, if the rest of it can be read. */
static void propose(slice s, size_t number_at, size_t unit_at, size_t end, unsigned hours,
                    const char *instead, struct refusal *refusal)
{
    char text[40];
    int64_t number, sum = 0;
    if (!refusal)
        return;
    if (instead)
        refuse_hint(refusal, "write %s", instead);
    if (!num_i64(slice_cut(s, number_at, unit_at - number_at), &number) || number > INT64_MAX / 8760)
        return;
    if (hours)
        number *= hours;
    int n = snprintf(text, sizeof text, "%.*s%lld%s%.*s", (int)number_at, s.p, (long long)number,
                     instead ? instead : "h", (int)(s.n - end), s.p + end);
    if (n >= (int)sizeof text || !duration_parse(slice_of(text), &sum, NULL))
        return;
    if (hours && sum % DURATION_HOUR == 0) /* 1d12h */
        snprintf(text, sizeof text, "%lldh", (long long)(sum / DURATION_HOUR));
    refuse_hint(refusal, "write %s", text);
    snprintf(refusal->better, sizeof refusal->better, "%s", text);
}

/* Suggests the text without its spaces, with a known unit. */
static void close_up(slice s, struct refusal *refusal)
{
    char text[40];
    size_t n = 0;
    int64_t ignored;
    struct refusal why = {0};
    if (!refusal)
        return;
    refuse_hint(refusal, "write it without spaces");
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n')
            continue;
        if (n + 1 == sizeof text)
            return;
        text[n++] = s.p[i];
    }
    text[n] = '\0';
    bool good = duration_parse(slice_of(text), &ignored, &why);
    if (!good && !why.better[0])
        return;
    snprintf(refusal->better, sizeof refusal->better, "%s", good ? text : why.better);
    refuse_hint(refusal, "write %s", refusal->better);
}

/* The unit is unknown: says which one, and what to write instead. */
static bool unknown_unit(slice s, size_t number_at, size_t unit_at, slice unit, struct refusal *refusal)
{
    if (unit.n > 0 && (unit.p[0] == ' ' || unit.p[unit.n - 1] == ' ' || unit.p[0] == '\t')) {
        refuse(refusal, unit_at, unit.n, "a duration contains no spaces");
        close_up(s, refusal);
        return false;
    }
    refuse(refusal, unit_at, unit.n, "unknown unit \"%.*s\", use h, m, s, ms, us or ns",
           FMT(utf8_cut(unit, 20)));
    for (size_t i = 0; i < COUNT(foreign_units); i++) {
        if (!slice_eq(unit, foreign_units[i].name))
            continue;
        if (foreign_units[i].hours)
            refuse(refusal, unit_at, unit.n, "%s are not a unit here, use h, m, s, ms, us or ns",
                   foreign_units[i].hours == 24    ? "days"
                   : foreign_units[i].hours == 168 ? "weeks"
                   : foreign_units[i].hours == 720 ? "months"
                                                   : "years");
        propose(s, number_at, unit_at, unit_at + unit.n, foreign_units[i].hours, foreign_units[i].instead,
                refusal);
    }
    return false;
}

/* ISO 8601, "P1DT12H", with units that have a length: as a duration of Go. 0: it is none of these, or longer than
 * Go's durations can be. */
static uint64_t iso_seconds(slice s)
{
    enum { LONGEST_DIGITS = 6 };
    static const uint64_t longest = INT64_MAX / 1000000000;
    static const struct {
        char unit;
        bool of_time;
        uint64_t seconds;
    } parts[] = {
        {'W', false, 604800}, {'D', false, 86400}, {'H', true, 3600}, {'M', true, 60}, {'S', true, 1}};
    uint64_t sum = 0;
    bool time = false;
    size_t part = 0;
    for (s = slice_from(s, 1); s.n;) {
        uint64_t number;
        size_t digits = 0;
        if (!time && (s.p[0] == 'T' || s.p[0] == 't')) {
            time = true;
            s = slice_from(s, 1);
        }
        while (digits < s.n && ascii_is_digit(s.p[digits]))
            digits++;
        if (!digits || digits == s.n || digits > LONGEST_DIGITS || !num_u64(slice_cut(s, 0, digits), &number))
            return 0;
        while (part < COUNT(parts) &&
               (ascii_lower(parts[part].unit) != ascii_lower(s.p[digits]) || parts[part].of_time != time))
            part++;
        if (part == COUNT(parts))
            return 0;
        sum += number * parts[part++].seconds;
        s = slice_from(s, digits + 1);
    }
    return sum <= longest ? sum : 0;
}

static void propose_for_iso(slice s, struct refusal *refusal)
{
    uint64_t seconds = iso_seconds(s);
    char text[40];
    unsigned long long h = seconds / 3600, m = seconds / 60;
    if (seconds % 3600 == 0)
        snprintf(text, sizeof text, "%lluh", h);
    else if (seconds % 60 == 0)
        snprintf(text, sizeof text, h ? "%lluh%llum" : "%.0llu%llum", h, m % 60);
    else
        snprintf(text, sizeof text, "%llus", (unsigned long long)seconds);
    if (!seconds || !refusal) {
        refuse_hint(refusal, "ISO 8601 durations are not supported here: 24h is one day");
        return;
    }
    snprintf(refusal->better, sizeof refusal->better, "%s", text);
    refuse_hint(refusal, "write %s", text);
}

static bool no_duration(slice s, size_t at, struct refusal *refusal)
{
    refuse(refusal, at, s.n - at, "not a duration: expected numbers with units, such as 90s or 1h30m");
    if (s.n && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\n')) {
        refuse(refusal, 0, 1, "space before the duration");
        close_up(s, refusal);
    } else if (s.n && (s.p[at] == 'P' || s.p[at] == 'p')) {
        propose_for_iso(slice_from(s, at), refusal);
    } else if (slice_eq_nocase(s, LIT("infinity")) || slice_eq_nocase(s, LIT("inf"))) {
        refuse_hint(refusal, "there is no infinite duration");
    } else {
        refuse_hint(refusal, "for example 168h");
    }
    return false;
}

/* One number with its fraction: value, and the fraction as `fraction / scale`. */
struct decimal {
    uint64_t value, fraction;
    double scale;
};

static bool read_number(slice s, size_t *at, struct decimal *n, struct refusal *refusal)
{
    size_t from = *at, i = from;
    *n = (struct decimal){.scale = 1};
    for (; i < s.n && ascii_is_digit(s.p[i]); i++) {
        if (__builtin_mul_overflow(n->value, 10, &n->value) ||
            __builtin_add_overflow(n->value, (uint64_t)(s.p[i] - '0'), &n->value) || n->value > LARGEST)
            return too_large(s, refusal);
    }
    size_t digits = i - from;
    if (i < s.n && s.p[i] == '.') {
        bool full = false; /* more digits than 63 bits hold say nothing about nanoseconds */
        for (i++; i < s.n && ascii_is_digit(s.p[i]); i++, digits++) {
            uint64_t wider;
            full = full || n->fraction > INT64_MAX / 10;
            if (full)
                continue;
            wider = n->fraction * 10 + (uint64_t)(s.p[i] - '0');
            full = wider > LARGEST;
            if (full)
                continue;
            n->fraction = wider;
            n->scale *= 10;
        }
    }
    if (digits == 0)
        return no_duration(s, from, refusal);
    *at = i;
    return true;
}

static const struct unit *find_unit(slice name)
{
    for (size_t i = 0; i < COUNT(units); i++)
        if (slice_eq(units[i].name, name))
            return &units[i];
    return NULL;
}

static bool missing_unit(slice s, size_t number_at, size_t unit_at, struct refusal *refusal)
{
    slice number = slice_cut(s, number_at, unit_at - number_at); /* ASCII */
    refuse(refusal, unit_at, 0, "missing unit after \"%.*s\"", FMT(slice_cut(number, 0, 30)));
    refuse_hint(refusal, "add h, m or s");
    return false;
}

bool duration_parse(slice s, int64_t *ret_ns, struct refusal *refusal)
{
    size_t at = s.n && (s.p[0] == '-' || s.p[0] == '+');
    bool negative = at && s.p[0] == '-';
    if (slice_eq(slice_from(s, at), LIT("0"))) {
        *ret_ns = 0;
        return true;
    }
    if (at == s.n)
        return no_duration(s, 0, refusal);
    uint64_t sum = 0;
    while (at < s.n) {
        size_t number_at = at;
        struct decimal n;
        if (!read_number(s, &at, &n, refusal))
            return false;
        size_t unit_at = at;
        while (at < s.n && s.p[at] != '.' && !ascii_is_digit(s.p[at]))
            at++;
        if (at == unit_at)
            return missing_unit(s, number_at, unit_at, refusal);
        slice name = slice_cut(s, unit_at, at - unit_at);
        const struct unit *unit = find_unit(name);
        if (!unit)
            return unknown_unit(s, number_at, unit_at, name, refusal);
        if (n.value > LARGEST / unit->ns)
            return too_large(s, refusal);
        uint64_t part = n.value * unit->ns;
        if (n.fraction > 0) /* floating point as in Go: below a nanosecond it is cut off */
            part += (uint64_t)((double)n.fraction * ((double)unit->ns / n.scale));
        if (part > LARGEST || (sum += part) > LARGEST)
            return too_large(s, refusal);
    }
    if (!negative && sum > INT64_MAX)
        return too_large(s, refusal);
    *ret_ns = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

/* The number `value / 10^places` without trailing zeros. */
static void put_decimal(struct buf *b, uint64_t value, int places)
{
    uint64_t scale = 1;
    for (int i = 0; i < places; i++)
        scale *= 10;
    buf_fmt(b, "%llu", (unsigned long long)(value / scale));
    uint64_t rest = value % scale;
    if (rest == 0)
        return;
    for (; rest % 10 == 0; rest /= 10)
        places--;
    buf_fmt(b, ".%0*llu", places, (unsigned long long)rest);
}

static void put(struct buf *b, int64_t ns, bool zero_parts)
{
    uint64_t left = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    if (ns < 0)
        buf_char(b, '-');
    if (left == 0) {
        buf_put(b, LIT("0s"));
    } else if (left < DURATION_SECOND) {
        int places = left < 1000 ? 0 : left < 1000000 ? 3 : 6;
        put_decimal(b, left, places);
        buf_put(b, places == 0 ? LIT("ns") : places == 3 ? LIT("\xc2\xb5s") : LIT("ms"));
    } else {
        uint64_t hours = left / DURATION_HOUR, minutes = left / DURATION_MINUTE % 60;
        uint64_t rest = left % DURATION_MINUTE;
        if (hours)
            buf_fmt(b, "%lluh", (unsigned long long)hours);
        if (minutes || (hours && zero_parts))
            buf_fmt(b, "%llum", (unsigned long long)minutes);
        if (rest || zero_parts) {
            put_decimal(b, rest, 9);
            buf_char(b, 's');
        }
    }
}

void duration_put(struct buf *b, int64_t ns)
{
    put(b, ns, true);
}

void duration_put_short(struct buf *b, int64_t ns)
{
    put(b, ns, false);
}
