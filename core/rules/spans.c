/* Spans of time in words. */
#include "spans.h"

#include "duration.h"

enum { DAY = 24 * 60 * 60 };

slice span_duration(struct arena *a, int64_t seconds)
{
    struct buf b = buf_new(a, 64);
    duration_put_short(&b, seconds * DURATION_SECOND);
    return buf_slice(&b);
}

slice span_words(struct arena *a, int64_t seconds)
{
    if (seconds >= 2 * DAY && seconds % DAY == 0)
        return arena_fmt(a, "%lld days", (long long)(seconds / DAY));
    return span_duration(a, seconds);
}
