/* Samples for Prometheus, in its text format (0.0.4). Names are complete: "brgate_reconcile_queued". */
#ifndef BRGATE_SAMPLES_H
#define BRGATE_SAMPLES_H

#include "buf.h"

#include <stdint.h>

/* Puts the two lines before the samples of one name; `type` is "counter", "gauge" or "histogram". */
void samples_head(struct buf *b, const char *name, const char *type, const char *help);
/* The same, and the only sample. */
void samples_one(struct buf *b, const char *name, const char *type, const char *help, int64_t value);

/* Puts what every Prometheus client library reports about its process; `started_at` in Unix seconds. */
void samples_process(struct buf *b, int64_t started_at);

#endif
