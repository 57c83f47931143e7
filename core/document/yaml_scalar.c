/* Scalars as go.yaml.in/yaml v2.4 resolves them and sigs.k8s.io/yaml turns them into JSON keys. */
#include "yaml_scalar.h"

#include "ascii.h"
#include "civil.h"
#include "num.h"
#include "utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum tag { TAG_NONE, TAG_STR, TAG_BOOL, TAG_INT, TAG_FLOAT, TAG_NULL, TAG_TIMESTAMP, TAG_BINARY, TAG_OTHER };

static const slice tag_names[] = {
    [TAG_NONE] = SLICE(""),
    [TAG_STR] = SLICE("str"),
    [TAG_BOOL] = SLICE("bool"),
    [TAG_INT] = SLICE("int"),
    [TAG_FLOAT] = SLICE("float"),
    [TAG_NULL] = SLICE("null"),
    [TAG_TIMESTAMP] = SLICE("timestamp"),
    [TAG_BINARY] = SLICE("binary"),
};

static enum tag tag_of(slice tag)
{
    const slice prefix = LIT("tag:yaml.org,2002:");
    if (tag.n == 0)
        return TAG_NONE;
    if (slice_starts(tag, prefix))
        for (enum tag t = TAG_STR; t < TAG_OTHER; t++)
            if (slice_eq(slice_from(tag, prefix.n), tag_names[t]))
                return t;
    return TAG_OTHER;
}

/* The words that denote values; go-yaml recognises exactly these spellings. */
static bool word_of(slice s, struct yaml_scalar *ret, enum tag *ret_tag)
{
    static const struct {
        const char *spellings[5];
        enum tag tag;
        double value;
    } words[] = {
        {{"y", "Y", "yes", "Yes", "YES"}, TAG_BOOL, 1},
        {{"true", "True", "TRUE"}, TAG_BOOL, 1},
        {{"on", "On", "ON"}, TAG_BOOL, 1},
        {{"n", "N", "no", "No", "NO"}, TAG_BOOL, 0},
        {{"false", "False", "FALSE"}, TAG_BOOL, 0},
        {{"off", "Off", "OFF"}, TAG_BOOL, 0},
        {{"", "~", "null", "Null", "NULL"}, TAG_NULL, 0},
        {{".nan", ".NaN", ".NAN"}, TAG_FLOAT, NAN},
        {{".inf", ".Inf", ".INF"}, TAG_FLOAT, INFINITY},
        {{"+.inf", "+.Inf", "+.INF"}, TAG_FLOAT, INFINITY},
        {{"-.inf", "-.Inf", "-.INF"}, TAG_FLOAT, -INFINITY},
    };
    if (s.n > 5)
        return false;
    for (size_t i = 0; i < COUNT(words); i++)
        for (size_t k = 0; k < 5 && words[i].spellings[k]; k++)
            if (slice_eq(s, slice_of(words[i].spellings[k]))) {
                *ret_tag = words[i].tag;
                if (words[i].tag == TAG_BOOL)
                    *ret = (struct yaml_scalar){.kind = YAML_BOOL, .boolean = words[i].value != 0};
                else if (words[i].tag == TAG_FLOAT)
                    *ret = (struct yaml_scalar){.kind = YAML_FLOAT, .real = words[i].value};
                else
                    *ret = (struct yaml_scalar){.kind = YAML_NULL};
                return true;
            }
    return false;
}

/* ---- numbers ---- */

static bool digits_of(slice s, unsigned base, uint64_t *ret)
{
    uint64_t value = 0;
    for (size_t i = 0; i < s.n; i++) {
        int digit = ascii_hex(s.p[i]);
        if (digit < 0 || (unsigned)digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, (unsigned)digit, &value))
            return false;
    }
    *ret = value;
    return true;
}

static bool int_of(bool negative, uint64_t size, struct yaml_scalar *ret)
{
    if (size <= (uint64_t)INT64_MAX + negative)
        *ret = (struct yaml_scalar){.kind = YAML_INT, .integer = (int64_t)(negative ? 0 - size : size)};
    else if (!negative)
        *ret = (struct yaml_scalar){.kind = YAML_UINT, .beyond = size};
    else
        return false;
    return true;
}

/* Go's ParseInt and ParseUint with base 0: 0x, 0b, 0o, and 0 alone for octal. */
static bool integer_of(slice s, struct yaml_scalar *ret)
{
    bool sign = s.n && (s.p[0] == '-' || s.p[0] == '+'), negative = sign && s.p[0] == '-';
    slice digits = slice_from(s, sign);
    unsigned base = 10;
    uint64_t size;
    if (digits.n == 0)
        return false;
    if (digits.p[0] == '0') {
        char letter = digits.n >= 3 ? digits.p[1] | 0x20 : 0;
        base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
        digits = slice_from(digits, letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1);
    }
    if (!digits_of(digits, base, &size))
        return false;
    if (sign && !negative && size > INT64_MAX) /* ParseUint takes no sign */
        return false;
    return int_of(negative, size, ret);
}

/* go-yaml tries the rest behind "0b" once more, sign included. */
static bool signed_binary_of(slice s, struct yaml_scalar *ret)
{
    if (!slice_starts(s, LIT("0b")) || s.n < 4 || (s.p[2] != '-' && s.p[2] != '+'))
        return false;
    uint64_t size;
    bool negative = s.p[2] == '-';
    return digits_of(slice_from(s, 3), 2, &size) && (negative || size <= INT64_MAX) &&
           int_of(negative, size, ret);
}

static slice without_underscores(struct arena *a, slice s)
{
    if (slice_find_char(s, '_') == SLICE_NONE)
        return s;
    char *p = arena_bytes(a, s.n);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '_')
            p[n++] = s.p[i];
    return (slice){p, n};
}

static bool is_digit(slice s, size_t i)
{
    return i < s.n && ascii_is_digit(s.p[i]);
}

/* What begins with a point goes to Go's ParseFloat as it is, which takes '_' between digits. */
static bool point_float_of(struct arena *a, slice s, double *ret)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '_') {
            size_t next = i + 1;
            while (next < s.n && s.p[next] == '_')
                return false;
            if (i == 0 || !is_digit(s, i - 1) || !is_digit(s, next))
                return false;
        }
    return num_f64(a, without_underscores(a, s), ret);
}

/* ---- timestamps (they stay strings; only the tag !!timestamp asks) ---- */

/* One or two digits (or exactly `width`) between low and high. */
static bool take_number(slice *s, size_t width, int low, int high, int *ret)
{
    size_t n = 0;
    int value = 0;
    while (n < (width ? width : 2) && is_digit(*s, n))
        value = value * 10 + (s->p[n++] - '0');
    if (n == 0 || (width && n != width) || value < low || value > high)
        return false;
    *s = slice_from(*s, n);
    *ret = value;
    return true;
}

static bool take_char(slice *s, const char *any_of)
{
    if (s->n == 0 || !s->p[0] || !strchr(any_of, s->p[0]))
        return false;
    *s = slice_from(*s, 1);
    return true;
}

static bool is_timestamp(slice s)
{
    int year, month, day, number;
    if (!take_number(&s, 4, 0, 9999, &year) || !take_char(&s, "-") || !take_number(&s, 0, 1, 12, &month) ||
        !take_char(&s, "-") || !take_number(&s, 0, 1, 31, &day) || !civil_date_exists(year, month, day))
        return false;
    if (s.n == 0)
        return true;
    bool zone = take_char(&s, "Tt");
    if (!zone) {
        if (!take_char(&s, " "))
            return false;
        while (take_char(&s, " ")) /* in Go's layouts one space matches any number of spaces */
            ;
    }
    if (!take_number(&s, 0, 0, 23, &number) || !take_char(&s, ":") || !take_number(&s, 0, 0, 59, &number) ||
        !take_char(&s, ":") || !take_number(&s, 0, 0, 59, &number))
        return false;
    if (s.n > 1 && (s.p[0] == '.' || s.p[0] == ',') && is_digit(s, 1))
        for (s = slice_from(s, 1); is_digit(s, 0);)
            s = slice_from(s, 1);
    if (zone && !take_char(&s, "Z") &&
        (!take_char(&s, "+-") || !take_number(&s, 2, 0, 24, &number) || !take_char(&s, ":") ||
         !take_number(&s, 2, 0, 60, &number)))
        return false;
    return s.n == 0;
}

/* ---- resolution ---- */

static enum tag resolve_plain(struct arena *a, enum tag tag, slice value, struct yaml_scalar *ret)
{
    enum tag found = TAG_STR;
    *ret = (struct yaml_scalar){.kind = YAML_STRING, .text = value};
    char first = value.n ? value.p[0] : '~';
    bool number = ascii_is_digit(first) || first == '-' || first == '+';
    if (!number && (!first || !strchr("yYnNtTfFoO~.", first))) /* most scalars: no need to look further */
        return found;
    if (word_of(value, ret, &found))
        return found;
    double real;
    if (first == '.' && point_float_of(a, value, &real)) {
        *ret = (struct yaml_scalar){.kind = YAML_FLOAT, .real = real};
        return TAG_FLOAT;
    }
    if (!number)
        return found;
    if (tag == TAG_TIMESTAMP && is_timestamp(value))
        return TAG_TIMESTAMP;
    slice plain = without_underscores(a, value);
    struct yaml_scalar other;
    if (integer_of(plain, &other)) {
        *ret = other;
        return TAG_INT;
    }
    if (num_f64(a, plain, &real)) {
        *ret = (struct yaml_scalar){.kind = YAML_FLOAT, .real = real};
        return TAG_FLOAT;
    }
    if (signed_binary_of(plain, &other)) {
        *ret = other;
        return TAG_INT;
    }
    return found;
}

static int base64_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *hit = c ? strchr(digits, c) : NULL;
    return hit ? (int)(hit - digits) : -1;
}

/* Padded base64; line breaks may occur anywhere. Bytes that are not UTF-8 become U+FFFD, as in Go's JSON. */
static bool base64_decode(struct arena *a, slice s, slice *ret)
{
    struct buf bytes = buf_new(a, SIZE_MAX), text = buf_new(a, SIZE_MAX);
    unsigned bits = 0, count = 0, padding = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\n' || s.p[i] == '\r')
            continue;
        int value = base64_value(s.p[i]);
        if (s.p[i] == '=' ? count < 2 || ++padding + count > 4 : value < 0 || padding)
            return false;
        if (value < 0)
            continue;
        bits = bits << 6 | (unsigned)value;
        if (++count >= 2)
            buf_char(&bytes, (char)(bits >> (8 - 2 * count)));
        if (count == 4)
            count = 0;
    }
    if (count && count + padding != 4)
        return false;
    slice rest = buf_slice(&bytes);
    for (uint32_t c; rest.n;) {
        size_t n = utf8_decode(rest, &c);
        buf_put(&text, n ? slice_cut(rest, 0, n) : LIT("\xef\xbf\xbd"));
        rest = slice_from(rest, n ? n : 1);
    }
    *ret = buf_slice(&text);
    return true;
}

bool yaml_scalar_resolve(struct arena *a, slice tag_text, bool implicit, slice value, struct yaml_scalar *ret)
{
    enum tag tag = tag_of(tag_text);
    *ret = (struct yaml_scalar){.kind = YAML_STRING, .text = value};
    if (tag == TAG_STR || tag == TAG_OTHER || (tag == TAG_NONE && !implicit))
        return true;
    if (tag == TAG_BINARY) {
        if (base64_decode(a, value, &ret->text))
            return true;
        ret->text = LIT("not base64");
        return false;
    }
    enum tag found = resolve_plain(a, tag, value, ret);
    if (tag == TAG_NONE || found == tag)
        return true;
    if (tag == TAG_FLOAT && ret->kind == YAML_INT) {
        *ret = (struct yaml_scalar){.kind = YAML_FLOAT, .real = (double)ret->integer};
        return true;
    }
    ret->text = found == TAG_STR ? LIT("a string") : tag_names[found];
    return false;
}

/* Go's FormatFloat(value, 'g', -1, 32): the shortest digits of the nearest float. */
static slice float_key(struct arena *a, double value)
{
    float narrow = (float)value;
    if (isnan(value))
        return LIT(".nan");
    if (isinf(narrow))
        return narrow > 0 ? LIT(".inf") : LIT("-.inf");
    char text[32];
    int precision = 0;
    for (; precision < 9; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, (double)narrow);
        if (strtof(text, NULL) == narrow)
            break;
    }
    long exponent = strtol(strchr(text, 'e') + 1, NULL, 10);
    if (exponent < -4 || exponent >= 6)
        return arena_copy(a, slice_of(text));
    return arena_fmt(a, "%.*f", precision > exponent ? (int)(precision - exponent) : 0, (double)narrow);
}

bool yaml_scalar_key(struct arena *a, const struct yaml_scalar *s, slice *ret)
{
    switch (s->kind) {
    case YAML_BOOL:
        *ret = s->boolean ? LIT("true") : LIT("false");
        return true;
    case YAML_INT:
        *ret = arena_fmt(a, "%lld", (long long)s->integer);
        return true;
    case YAML_FLOAT:
        *ret = float_key(a, s->real);
        return true;
    case YAML_STRING:
        *ret = s->text;
        return true;
    default:
        return false;
    }
}
