/* The objects of a manifest with every default filled in, as `brgate default` prints them. */
#ifndef BRGATE_COMPLETED_H
#define BRGATE_COMPLETED_H

#include "buf.h"
#include "verdict.h"

/* Fills in, after verdict_manifest(), the defaults of the gate's policy in every object of the stream, beside those of
 * the schema, and shows again what judging has hidden, so that the result only adds: unknown fields and nulls stay.
 * Objects of other kinds stay as they are. False when the arena is exhausted. */
bool verdict_complete(const struct gate *g, struct arena *a, const struct stream_verdict *stream);

/* The object as text; nothing for one that could not be read. JSON is one line. */
void completed_put_yaml(struct buf *b, const struct verdict *v);
void completed_put_json(struct buf *b, const struct verdict *v);

/* Puts one line for each value that was added: "+ spec.s3.acl: private", containers as JSON. */
void completed_put_additions(struct buf *b, const struct verdict *v);

#endif
