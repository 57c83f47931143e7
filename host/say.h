/* Messages of a command on standard error, with file names, options and texts of other programs made safe for a terminal. */
#ifndef BRGATE_SAY_H
#define BRGATE_SAY_H

#include <stdarg.h>

/* Writes one line. Unprintable characters, including line breaks, and bytes that are not UTF-8 become U+FFFD; text beyond 8
 * KiB is left out. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, after "brgate COMMAND: ". */
void say_of(const char *command, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

#endif
