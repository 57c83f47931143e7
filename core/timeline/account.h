/* The result of a play in sentences, which text and picture share. */
#ifndef BRGATE_ACCOUNT_H
#define BRGATE_ACCOUNT_H

#include "played.h"

enum mark { MARK_FINE, MARK_NOTE, MARK_WRONG };

struct account_row {
    enum mark mark;
    const char *label; /* "runs" */
    slice text;
};

enum { ACCOUNT_MOST = 8 };
struct account {
    struct account_row rows[ACCOUNT_MOST];
    size_t count;
    bool wrong; /* a row is */
};
/* Returns the result of the play, a row for each subject. */
struct account account_of(struct arena *a, const struct played *r);

/* Returns what the sizes and times of the play are based on, in one sentence. */
slice account_assumed(struct arena *a, const struct played *r);

slice account_span(struct arena *a, int64_t seconds); /* "36h 30m", "14d" */
slice account_bytes(struct arena *a, double bytes);   /* "1.6 TiB" */
slice account_time(struct arena *a, int64_t at);      /* "2026-01-02 15:04" */

/* Returns what an event says to people. */
slice account_event(struct arena *a, const struct played_event *x);

#endif
