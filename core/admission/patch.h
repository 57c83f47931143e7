/* JSON Patch (RFC 6902) from what defaulting added. */
#ifndef BRGATE_PATCH_H
#define BRGATE_PATCH_H

#include "document.h"

/* The operations as JSON text, `[{"op":"add","path":"/spec/s3/acl","value":"private"},...]`, in document
 * order; a parent that was added whole is one operation. The empty slice when there is nothing to add. */
slice patch_of(struct arena *a, const struct node *root);

#endif
