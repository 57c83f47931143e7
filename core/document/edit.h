/* From a repair to the bytes that make it. */
#ifndef BRGATE_EDIT_H
#define BRGATE_EDIT_H

#include "finding.h"

/* What to write instead of bytes [from, to) of the stream, quoted as the text around it demands. */
struct text_edit {
    uint32_t from, to;
    slice text; /* empty: there is no edit */
};

/* No edit for what stands nowhere in the stream (a default), stands there for several nodes at once (an anchor), or is
 * no scalar. The text lives in the arena. */
struct text_edit edit_text(struct arena *a, const struct edit *e, slice bytes);

#endif
