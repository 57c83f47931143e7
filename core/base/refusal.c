/* Fills in a refusal's texts, cut to their sizes. */
#include "refusal.h"

#include "format.h"
#include "utf8.h"

#include <stdarg.h>

__attribute__((format(printf, 3, 0))) static void put(char *out, size_t size, const char *format,
                                                      va_list args)
{
    size_t n = format_text(out, size, format, args);
    if (n >= size)
        out[utf8_cut((slice){out, n}, size - 1).n] = '\0';
}

bool refuse(struct refusal *r, size_t at, size_t n, const char *why, ...)
{
    if (!r)
        return false;
    r->at = (uint32_t)at;
    r->n = (uint32_t)n;
    r->hint[0] = r->better[0] = '\0';
    va_list args;
    va_start(args, why);
    put(r->why, sizeof r->why, why, args);
    va_end(args);
    return false;
}

void refuse_hint(struct refusal *r, const char *hint, ...)
{
    if (!r)
        return;
    va_list args;
    va_start(args, hint);
    put(r->hint, sizeof r->hint, hint, args);
    va_end(args);
}
