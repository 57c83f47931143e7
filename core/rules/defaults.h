/* The defaults that the documents promise and no CRD can express. They are added to the tree as
 * NODE_DEFAULTED, like the schema's own, for `brgate default` and the mutating endpoint; judging does not see
 * them. */
#ifndef BRGATE_DEFAULTS_H
#define BRGATE_DEFAULTS_H

#include "model.h"

/* `old_root` is NULL but on UPDATE, where a default is added only to a block that the update changes. Adds
 * nothing whose presence has a meaning (logSubcommand, logStop), and nothing a second time. */
void defaults_apply(struct arena *a, enum object_kind kind, struct node *root, const struct node *old_root);

#endif
