/* A manifest with every default filled in. */
#ifndef BRGATE_FILLED_H
#define BRGATE_FILLED_H

#include "verdict.h"

/* Fills in the defaults of the schema and of the gate's policy in every object of the stream and brings back
 * what judging has hidden, so that the result only adds: unknown fields and nulls stay. Objects of other
 * kinds stay as they are. False when the arena is exhausted. */
bool filled(const struct gate *g, struct arena *a, const struct stream_verdict *stream);

/* Puts one line for each value that was added: "+ spec.s3.acl: private", containers as JSON. */
void filled_put_additions(struct buf *b, const struct node *root);

#endif
