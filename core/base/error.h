/* Why something could not be done: one line for a person, without the name of the program. It says what was found,
 * where, what was expected and how to fix it. Functions that fail take it as their last parameter, `reterr`, and
 * write it when they return false, NULL or -1, and only then. */
#ifndef BRGATE_ERROR_H
#define BRGATE_ERROR_H

#include <stdbool.h>

struct error {
    char text[512]; /* empty: no error so far */
};

/* Writes the line, cut after the last whole character that fits, and returns false, so that a function can
 * `return error_set(...)`. `reterr` may be NULL, and its old text may be among the arguments. */
bool error_set(struct error *reterr, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
