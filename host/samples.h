/* Samples for Prometheus, in its text format (0.0.4). Names are whole: "brgate_reconcile_queued". */
#ifndef BRGATE_SAMPLES_H
#define BRGATE_SAMPLES_H

#include "buf.h"

#include <stdint.h>

/* The two lines before the samples of one name; `type` is "counter", "gauge" or "histogram". */
void samples_head(struct buf *b, const char *name, const char *type, const char *help);
/* The same, and the only sample. */
void samples_one(struct buf *b, const char *name, const char *type, const char *help, int64_t value);

/* What every Prometheus client library says of its process; `started_at` in Unix seconds. */
void samples_process(struct buf *b, int64_t started_at);

#endif
