/* The objects of a manifest with every default filled in, as `brgate default` prints them. */
#ifndef BRGATE_COMPLETED_H
#define BRGATE_COMPLETED_H

#include "buf.h"
#include "verdict.h"

/* After verdict_manifest(), adds the defaults of the gate's policy to every object of the stream, besides those of the
 * schema, and clears the flags of nodes that judging has hidden: unknown fields and nulls stay in the output. Objects
 * of other kinds stay unchanged. Returns false when the arena is exhausted. */
bool verdict_complete(const struct gate *g, struct arena *a, const struct stream_verdict *stream);

/* Put the object as text; nothing for one that could not be read. JSON is one line. */
void completed_put_yaml(struct buf *b, const struct verdict *v);
void completed_put_json(struct buf *b, const struct verdict *v);

/* Puts one line for each value that was added: "+ spec.s3.acl: private", containers as JSON. */
void completed_put_additions(struct buf *b, const struct verdict *v);

#endif
