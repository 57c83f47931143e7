/* Fills in a refusal's texts, cut to their sizes. */
#include "refusal.h"

#include "format.h"

#include <stdarg.h>

bool refuse(struct refusal *r, size_t at, size_t n, const char *why, ...)
{
    if (!r)
        return false;
    *r = (struct refusal){.at = (uint32_t)at, .n = (uint32_t)n};
    va_list args;
    va_start(args, why);
    format_text(r->why, sizeof r->why, why, args);
    va_end(args);
    return false;
}

void refuse_hint(struct refusal *r, const char *hint, ...)
{
    if (!r)
        return;
    va_list args;
    va_start(args, hint);
    format_text(r->hint, sizeof r->hint, hint, args);
    va_end(args);
}
