/* What a command says on standard error: file names, options and texts of other programs as they may go to a terminal. */
#ifndef BRGATE_SAY_H
#define BRGATE_SAY_H

#include <stdarg.h>

/* Writes one line. What is not printable, line breaks included, and what is not UTF-8 becomes U+FFFD; what exceeds 8 KiB is
 * left out. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, behind "brgate COMMAND: ". */
void say_of(const char *command, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

#endif
