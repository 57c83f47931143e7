/* Base64 with padding (RFC 4648, section 4), as Kubernetes writes bytes in JSON. */
#ifndef BRGATE_BASE64_H
#define BRGATE_BASE64_H

#include "arena.h"

/* Returns the text, in the arena. */
slice base64_encode(struct arena *a, slice bytes);

/* Decodes into the arena. Line breaks may occur anywhere; other bytes outside the alphabet are errors. Returns false
 * when `text` is not base64. */
bool base64_decode(struct arena *a, slice text, slice *ret);

#endif
