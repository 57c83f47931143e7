/* JSON Patch (RFC 6902) as far as defaulting uses it: `add` to objects, `replace` in lists. Written from the
 * RFC, without the code that makes patches. */
#ifndef BRGATE_JSON_PATCH_H
#define BRGATE_JSON_PATCH_H

#include "document.h"

/* Applies the operations to the tree. False when one of them cannot be applied. */
bool json_patch_apply(struct arena *a, struct node *root, slice operations);

#endif
