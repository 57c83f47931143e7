/* Settings files: YAML of our own, in which nothing may be lost. Where a manifest's fault is a finding, and reading goes
 * on, a settings file is refused at the first one. */
#ifndef BRGATE_SETTINGS_H
#define BRGATE_SETTINGS_H

#include "document.h"
#include "error.h"

struct settings {
    struct arena *arena;
    slice bytes;
    struct error *reterr;
};

/* Returns the file's documents; NULL when there is a fault, which `reterr` then says with its place. */
const struct stream *settings_read(const struct settings *s);

/* Says what is wrong at that offset ("LINE:COLUMN: ..."), and returns false. */
bool settings_fault(const struct settings *s, uint32_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
