/* Decides whether a text that cannot be read is meant for brgate. */
#ifndef BRGATE_MENTION_H
#define BRGATE_MENTION_H

#include "arena.h"

/* Whether one of the documents in the text names a kind of ours, or our group without another kind, by lines such as `kind:
 * Backup` and `apiVersion: br.pingcap.com/v1alpha1`, misspelt or not. A repository holds many files that are not YAML, and
 * brgate should not report their faults. The text may be UTF-16 or UTF-32, which kubectl reads too; a copy of such a text
 * lives in the arena. */
bool text_names_ours(struct arena *a, slice text);

#endif
