/* The defaults that no CRD can express. They are added to the tree as NODE_DEFAULTED, like the schema's own,
 * for `brgate default` and the mutating endpoint, after judging. docs/DEFAULTS.md lists them, each with the code
 * that reads the value. */
#ifndef BRGATE_DEFAULTS_H
#define BRGATE_DEFAULTS_H

#include "arena.h"

struct node;     /* document.h */
struct resource; /* model.h */

/* Adds the defaults to `root`, the tree of `object`: those that only state the effective value, and with `documented` also
 * the documented ones that BR does not apply. `old_root` is NULL except on UPDATE, where a default is added only
 * to a block that the update changes. Never adds a field whose presence has a meaning (logSubcommand, logStop), and
 * does not change fields that are present. */
void defaults_apply(struct arena *a, bool documented, const struct resource *object, struct node *root,
                    const struct node *old_root);

#endif
