/* Base64 with padding (RFC 4648, section 4), as Kubernetes writes bytes in JSON. */
#ifndef BRGATE_BASE64_H
#define BRGATE_BASE64_H

#include "arena.h"

slice base64_encode(struct arena *a, slice bytes);

/* Line breaks may stand anywhere, other bytes outside the alphabet may not. False when `text` is no
 * base64. */
bool base64_decode(struct arena *a, slice text, slice *ret);

#endif
