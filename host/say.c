#include "say.h"

#include "utf8.h"

#include <stdio.h>

enum { LINE_BYTES = 8192, GROWTH = 3 /* U+FFFD for one byte */ };

/* vsnprintf() and snprintf() have cut the text to the buffer, and return what it would have been. */
static size_t fill(int printed, size_t room)
{
    return printed < 0 ? 0 : (size_t)printed < room ? (size_t)printed : room - 1;
}

static void write_line(slice text)
{
    char line[GROWTH * LINE_BYTES + 1];
    size_t n = 0;
    while (text.n) {
        slice shown;
        text = slice_from(text, utf8_shown(text, &shown));
        memcpy(line + n, shown.p, shown.n);
        n += shown.n;
    }
    line[n++] = '\n';
    fwrite(line, 1, n, stderr);
}

/* Writes `text`: its first `n` bytes are filled in, and the formatted arguments follow them. */
__attribute__((format(printf, 3, 0))) static void write_behind(char text[LINE_BYTES], size_t n,
                                                               const char *format, va_list args)
{
    n += fill(vsnprintf(text + n, LINE_BYTES - n, format, args), LINE_BYTES - n);
    write_line((slice){text, n});
}

void say_of(const char *command, const char *format, va_list args)
{
    char text[LINE_BYTES];
    size_t n = fill(snprintf(text, sizeof text, "brgate %s: ", command), sizeof text);
    write_behind(text, n, format, args);
}

void say(const char *format, ...)
{
    char text[LINE_BYTES];
    va_list args;
    va_start(args, format);
    write_behind(text, 0, format, args);
    va_end(args);
}
