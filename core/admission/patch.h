/* JSON Patch (RFC 6902) of the defaults that were added. */
#ifndef BRGATE_PATCH_H
#define BRGATE_PATCH_H

#include "arena.h"

struct node; /* document.h */

/* Returns the operations as JSON text, `[{"op":"add","path":"/spec/s3/acl","value":"private"},...]`, in document
 * order; a parent that was added whole is one operation. The empty slice when there is nothing to add. */
slice patch_of(struct arena *a, const struct node *root);

#endif
