/* Puts formatted text together. */
#include "format.h"

#include "bug.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct sink {
    char *p;
    size_t n, size; /* n counts what does not fit as well */
};

static void put(struct sink *o, const char *text, size_t n)
{
    if (o->n < o->size)
        memcpy(o->p + o->n, text, n < o->size - o->n ? n : o->size - o->n);
    o->n += n;
}

/* One conversion: %[0][width][.precision][length]letter. */
struct conversion {
    bool zeros;
    size_t width;
    size_t precision; /* SIZE_MAX: none */
    unsigned size;    /* of an integer argument, in bytes */
    char letter;
};

static const char *read_number(const char *p, size_t *ret)
{
    for (*ret = 0; *p >= '0' && *p <= '9' && *ret < 1000; p++)
        *ret = *ret * 10 + (size_t)(*p - '0');
    return p;
}

/* Returns the end of the conversion that begins behind the '%'; a letter of 0 for one that is not known. `%.*`
 * leaves its precision to the caller: it has to be taken from the arguments. */
static const char *read_conversion(const char *p, struct conversion *c, bool *ret_takes_precision)
{
    *c = (struct conversion){.precision = SIZE_MAX, .size = sizeof(int)};
    *ret_takes_precision = false;
    if (*p == '0') {
        c->zeros = true;
        p++;
    }
    p = read_number(p, &c->width);
    if (p[0] == '.' && p[1] == '*') {
        *ret_takes_precision = true;
        p += 2;
    } else if (p[0] == '.') {
        p = read_number(p + 1, &c->precision);
    }
    if (p[0] == 'l' && p[1] == 'l') {
        c->size = sizeof(long long);
        p += 2;
    } else if (p[0] == 'l') {
        c->size = sizeof(long);
        p++;
    } else if (p[0] == 'z') {
        c->size = sizeof(size_t);
        p++;
    }
    bool text = *p == 's' || *p == 'c' || *p == '%';
    bool integer = *p && strchr("diuxX", *p);
    bool plain = !c->width && !c->zeros && (*p == 's' || (c->precision == SIZE_MAX && !*ret_takes_precision));
    c->letter = (text && plain) || (integer && c->precision == SIZE_MAX && !*ret_takes_precision) ? *p : 0;
    return p + 1;
}

static void put_integer(struct sink *o, const struct conversion *c, uint64_t value, bool negative)
{
    char digits[24];
    size_t at = sizeof digits;
    const char *letters = c->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    unsigned base = c->letter == 'x' || c->letter == 'X' ? 16 : 10;
    do {
        digits[--at] = letters[value % base];
        value /= base;
    } while (value);
    size_t n = sizeof digits - at + negative;
    if (negative && c->zeros)
        put(o, "-", 1);
    for (; n < c->width; n++)
        put(o, c->zeros ? "0" : " ", 1);
    if (negative && !c->zeros)
        put(o, "-", 1);
    put(o, digits + at, sizeof digits - at);
}

/* The text up to and with the first conversion that is not known, or all of it: then true. */
static bool put_all(struct sink *o, const char *format, va_list args)
{
    for (const char *p = format; *p;) {
        const char *percent = strchr(p, '%');
        if (!percent) {
            put(o, p, strlen(p));
            return true;
        }
        put(o, p, (size_t)(percent - p));
        struct conversion c;
        bool takes_precision;
        p = read_conversion(percent + 1, &c, &takes_precision);
        if (!c.letter)
            return false;
        if (takes_precision)
            c.precision = (size_t)va_arg(args, int);
        if (c.letter == 's') {
            const char *text = va_arg(args, const char *);
            put(o, text,
                c.precision == SIZE_MAX ? strlen(text)
                : c.precision           ? strnlen(text, c.precision)
                                        : 0);
        } else if (c.letter == 'c') {
            char byte = (char)va_arg(args, int);
            put(o, &byte, 1);
        } else if (c.letter == '%') {
            put(o, "%", 1);
        } else if (c.letter == 'd' || c.letter == 'i') {
            int64_t value = c.size == sizeof(int) ? va_arg(args, int) : va_arg(args, long long);
            put_integer(o, &c, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0);
        } else {
            put_integer(o, &c,
                        c.size == sizeof(int) ? va_arg(args, unsigned) : va_arg(args, unsigned long long),
                        false);
        }
    }
    return true;
}

size_t format_text(char *out, size_t size, const char *format, va_list args)
{
    _Static_assert(sizeof(long) == sizeof(long long) && sizeof(size_t) == sizeof(long long),
                   "integers of two sizes are read");
    struct sink o = {.p = out, .size = size ? size - 1 : 0};
    va_list again;
    va_copy(again, args);
    bool known = put_all(&o, format, args);
    if (!known) {
        int n = vsnprintf(out, size, format, again);
        BUG_IF(n < 0);
        o.n = (size_t)n;
    } else if (size) {
        out[o.n < o.size ? o.n : o.size] = '\0';
    }
    va_end(again);
    return o.n;
}
