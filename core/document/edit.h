/* Turns a finding's repair into an edit of the stream's bytes. */
#ifndef BRGATE_EDIT_H
#define BRGATE_EDIT_H

#include "finding.h"

/* Replaces bytes [from, to) of the stream by `text`, which is quoted as its context requires. */
struct text_edit {
    uint32_t from, to;
    slice text; /* empty: there is no edit */
};

/* Returns no edit for a node that is not in the stream (a default), that shares its bytes with other nodes (an anchor),
 * or that is not a scalar. The text lives in the arena. */
struct text_edit edit_text(struct arena *a, const struct edit *e, slice bytes);

#endif
