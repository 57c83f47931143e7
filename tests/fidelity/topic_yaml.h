/* What the topics about YAML streams share: our answer, which is the documents, one on a line, and "-" in front where the
 * stream is refused behind them; and the differences that are meant. */
#ifndef BRGATE_TOPIC_YAML_H
#define BRGATE_TOPIC_YAML_H

#include "fidelity.h"

void yaml_answer(struct arena *a, slice input, struct buf *answer);

enum { YAML_EXCEPTIONS = 11 };
extern const struct fidelity_exception yaml_exceptions[YAML_EXCEPTIONS];

#endif
