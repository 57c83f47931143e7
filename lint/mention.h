/* Is a text that cannot be read meant for brgate? */
#ifndef BRGATE_MENTION_H
#define BRGATE_MENTION_H

#include "slice.h"

/* Whether one of the documents in the text names a kind of ours, or our group without another kind, by lines such as
 * `kind: Backup` and `apiVersion: br.pingcap.com/v1alpha1`, misspelt or not. A repository holds many files that are no
 * YAML, and what their faults are is not for brgate to say. */
bool text_names_ours(slice text);

#endif
