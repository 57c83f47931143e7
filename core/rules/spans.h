/* Spans of time for messages. */
#ifndef BRGATE_SPANS_H
#define BRGATE_SPANS_H

#include "arena.h"

/* A time span as people say it: "7 days", "1h30m", "2m". */
slice span_words(struct arena *a, int64_t seconds);
/* The same as a Go duration: "168h". */
slice span_duration(struct arena *a, int64_t seconds);

#endif
