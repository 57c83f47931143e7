/* Judges an object that is in a cluster, at three moments: as if it were created today, as it is now, and at the next
 * update of its spec, whatever that changes. Pure, as all of core. */
#ifndef BRGATE_LIVE_H
#define BRGATE_LIVE_H

#include "verdict.h"

enum moment { MOMENT_CREATE, MOMENT_CURRENT, MOMENT_UPDATE, MOMENT_COUNT };

const char *moment_word(enum moment m); /* "create", "current", "update" */

/* What the server does about an error, by the policy's enforcement. */
enum live_effect { LIVE_NO_EFFECT, LIVE_DENIED, LIVE_WOULD_BE_DENIED };

struct live_finding {
    /* `severity` is that of a creation, because this is what the server would do today. Where the object as it is now
     * has a lesser one (a log backup that has been stopped since), it is the lesser one. */
    struct diagnostic diagnostic;
    enum severity severity[MOMENT_COUNT]; /* OFF: not found at that moment */
    enum live_effect effect;
};

struct live_verdict {
    const struct stream_verdict *stream; /* as it is now; for comparing the objects */
    const struct resource *object;       /* as it is now; NULL: it cannot be decoded */
    slice namespace, name, uid;
    struct live_finding *findings; /* in the order of diagnostic_cmp() */
    size_t count, errors, warnings, suppressed, dropped;
    bool denied; /* if it were created today */
};

/* `json` is the object as the API server stores it. All results live in the arena and in `json`. NULL when the arena is
 * exhausted; call it outside arena_run(). */
const struct live_verdict *live_judge(const struct gate *g, struct arena *a, const struct schema_kind *kind,
                                      slice json, int64_t now);

#endif
