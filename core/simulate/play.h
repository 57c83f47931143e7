/* Plays a schedule forward: the reconciler's core decides, a model cluster carries out its decisions. It reads no file and
 * no clock: the only time is that of the play. */
#ifndef BRGATE_PLAY_H
#define BRGATE_PLAY_H

#include "model.h"
#include "plan.h"
#include "played.h"
#include "schema.h"
#include "verdict.h"

struct play_request {
    const struct resource *schedule; /* judged, with its defaults; created at `from` */
    const struct gate *gate;         /* judges the scenario's edits */
    const struct schema_set *schemas;
    const struct scenario *scenario;
    struct plan_settings settings;
    int64_t from, until; /* Unix seconds */
};

enum { PLAY_MOST_RUNS = 50000 };

/* Returns how far it can be played: up to `until`, or up to the last moment before more than PLAY_MOST_RUNS runs are due,
 * which would take too long. */
int64_t play_most(const struct play_request *r);

/* Returns what happened; NULL when memory runs out. The result lives in `a`, in the schedule and in the scenario. */
const struct played *play(struct arena *a, const struct play_request *r);

#endif
