/* Writes the one line that says why. */
#include "error.h"

#include "format.h"
#include "utf8.h"

#include <stdarg.h>

bool error_set(struct error *reterr, const char *format, ...)
{
    struct error line;
    va_list args;
    va_start(args, format);
    size_t n = format_text(line.text, sizeof line.text, format, args);
    va_end(args);
    if (n >= sizeof line.text)
        line.text[utf8_cut((slice){line.text, sizeof line.text}, sizeof line.text - 1).n] = '\0';
    if (reterr)
        *reterr = line;
    return false;
}
