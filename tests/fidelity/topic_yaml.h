/* Shared by the topics about YAML streams: our answer, which is the documents, one on a line, with "-" in front if the
 * stream is refused after them; and the intended differences. */
#ifndef BRGATE_TOPIC_YAML_H
#define BRGATE_TOPIC_YAML_H

#include "fidelity.h"

void yaml_answer(struct arena *a, slice input, struct buf *answer);

enum { YAML_EXCEPTIONS = 11 };
extern const struct fidelity_exception yaml_exceptions[YAML_EXCEPTIONS];

#endif
