/* The defaults that no CRD can express. They are added to the tree as NODE_DEFAULTED, like the schema's own,
 * for `brgate default` and the mutating endpoint, after judging. docs/DEFAULTS.md lists them, each with the code
 * that reads the value. */
#ifndef BRGATE_DEFAULTS_H
#define BRGATE_DEFAULTS_H

#include "arena.h"

struct node;     /* document.h */
struct resource; /* model.h */

/* Which defaults a policy adds. */
enum defaults_mode {
    DEFAULTS_EFFECTIVE,  /* those that only state the effective value: no argument of BR changes */
    DEFAULTS_DOCUMENTED, /* also the documented ones that BR does not apply */
    DEFAULTS_NONE,       /* only those of the CRDs, which the API server adds by itself */
    DEFAULTS_MODE_COUNT
};

/* "effective", "documented", "none". */
const char *defaults_mode_word(enum defaults_mode mode);
bool defaults_mode_read(slice word, enum defaults_mode *ret);

/* Adds the defaults to `root`, the tree of `object`. `old_root` is NULL except on UPDATE, where a default is added only
 * to a block that the update changes. Never adds a field whose presence has a meaning (logSubcommand, logStop), and
 * does not change fields that are present. */
void defaults_apply(struct arena *a, enum defaults_mode mode, const struct resource *object,
                    struct node *root, const struct node *old_root);

#endif
