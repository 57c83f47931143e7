/* A vsnprintf() for the few conversions that messages use, at a quarter of its cost: formatting dominates the time
 * of a verdict with findings. */
#ifndef BRGATE_FORMAT_H
#define BRGATE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* As vsnprintf(): writes at most `size` bytes, the last of them a NUL, and returns the length of the whole
 * text. `out` may be NULL when `size` is 0. Conversions other than %s %.*s %c %% and the integers, with a
 * width and zeros, are left to vsnprintf(). */
size_t format_text(char *out, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
