/* The defaults that no CRD can express. They are added to the tree as NODE_DEFAULTED, like the schema's own,
 * for `brgate default` and the mutating endpoint; judging does not see them. docs/DEFAULTS.md has each of
 * them with the code that reads the value. */
#ifndef BRGATE_DEFAULTS_H
#define BRGATE_DEFAULTS_H

#include "arena.h"

struct node;     /* document.h */
struct resource; /* model.h */

/* Which ones a policy wants. */
enum defaults_mode {
    DEFAULTS_EFFECTIVE,  /* those that say what happens without them, too: no argument of BR changes */
    DEFAULTS_DOCUMENTED, /* also those that the documents promise and BR does not keep */
    DEFAULTS_NONE,       /* those of the CRDs alone, which the API server adds by itself */
    DEFAULTS_MODE_COUNT
};

/* "effective", "documented", "none". */
const char *defaults_mode_word(enum defaults_mode mode);
bool defaults_mode_read(slice word, enum defaults_mode *ret);

/* Adds to `root`, the tree of `object`. `old_root` is NULL except on UPDATE, where a default is added only to
 * a block that the update changes. Adds nothing whose presence has a meaning (logSubcommand, logStop), and
 * nothing a second time. */
void defaults_apply(struct arena *a, enum defaults_mode mode, const struct resource *object,
                    struct node *root, const struct node *old_root);

#endif
