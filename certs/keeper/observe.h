/* One observation of the Secret and the configurations. Internal to this layer. */
#ifndef BRGATE_KEEPER_LOOK_H
#define BRGATE_KEEPER_LOOK_H

#include "keeper.h"
#include "store.h"

struct observation { /* since when a leaf has been covered, by our own clock */
    char fingerprint[65];
    uint64_t since; /* milliseconds */
};

struct look {
    int64_t now;    /* by the API server's clock once an answer has shown it, Unix seconds */
    int64_t own;    /* by our own */
    uint64_t ticks; /* milliseconds that pass also while the machine sleeps */
    struct stored_secret secret;
    slice cas; /* PEM; what the bundles must hold: the Secret's CAs, and the CA of what is served */
    struct stored_hooks hooks[STORE_KINDS];
    struct rotation_view view;
    char current[65], next[65]; /* fingerprints; empty: none */
    struct error why_unusable;  /* why the current pair is unusable */
    slice error;                /* the first thing that could not be read */
    unsigned retry_after;       /* milliseconds that the API server asks clients to wait */
    bool secret_read;           /* otherwise nothing can be decided */
    enum kube_outcome outcomes[STORE_KINDS + 1];
    size_t outcome_count;
};

/* What an observer remembers from one observation to the next, and what it serves. */
struct observer {
    struct observation observations[2];
    slice served_ca; /* PEM; the CA of what is served; empty: nothing is */
    bool heard;      /* the API server has said what its clock shows */
    int64_t ahead;   /* seconds that ours was ahead of it then */
};

/* Reads the Secret and both configurations, and works out what rotation_next() needs. `dns_name` is a name that the
 * certificate must be valid for; `*ret` is complete also when something could not be read (`error`, `secret_read`). */
void observe(const struct store *s, struct arena *a, slice dns_name, struct observer *o, struct look *ret);

/* Whether the bundles of all configurations that exist vouch for the chain; false when there is none. */
bool look_covers(struct arena *a, const struct look *l, slice chain);

#endif
