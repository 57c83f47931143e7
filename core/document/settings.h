/* Settings files: YAML of our own, in which nothing may be lost. A fault in a manifest is a finding, and reading continues;
 * a settings file is refused at its first fault. */
#ifndef BRGATE_SETTINGS_H
#define BRGATE_SETTINGS_H

#include "document.h"
#include "error.h"

struct settings {
    struct arena *arena;
    slice bytes;
    struct error *reterr;
};

/* Returns the file's documents; NULL when it has a fault: `reterr` gives it with its place. */
const struct stream *settings_read(const struct settings *s);

/* Sets the error to what is wrong at that offset ("LINE:COLUMN: ..."), and returns false. */
bool settings_fault(const struct settings *s, uint32_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
