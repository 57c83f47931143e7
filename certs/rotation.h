/* What to do next about a certificate that several servers share and renew by themselves: decisions only.
 *
 * One Secret holds the current pair, the next one while a rotation is under way, and the CAs of both. Each
 * leaf has a CA of its own (issue.h). The webhook configurations hold the CA bundles that API servers
 * believe. Any number of observers (the replicas, a Job) look, ask rotation_next(), do that one thing with
 * the resourceVersion they saw, and look again; a lost, repeated or refused step changes nothing for the
 * others.
 *
 * Why no review can fail, whatever is lost, repeated or late:
 *   1. A leaf enters use only after one observer has seen its CA in every bundle for `settle` seconds, the
 *      time in which an API server learns of a change. Time is what the observer itself has lived through,
 *      so no two clocks are compared.
 *   2. A CA leaves a bundle only when it is long expired, and with it the one leaf it signed.
 * From 1 every API server believes a leaf when it enters use, from 2 it does so until the leaf ends. Nobody
 * needs to know what the other replicas serve: one that cannot read the Secret goes on with its old leaf.
 * The price is that a bundle holds two CAs for a third of a certificate's life; that costs nothing, for the
 * old CA's key does not exist.
 *
 * The exception is a server with nothing of use to serve, because it has just started or its pair has
 * expired or is for other names: it takes the Secret's current pair at once. That pair has settled
 * already, unless the Secret was just made or its old pair was of no use either; then reviews fail until
 * the API servers believe the new one, and nothing could be won by waiting.
 *
 * A wrong clock must not undo what observers with a right one keep: one that is ahead by a certificate's life
 * would take valid CAs for long expired, and make new pairs again and again. So there are two clocks: the
 * observer's own and the API server's, which is in the Date header of every answer. What is usable or long
 * expired is judged by the API server's, since API servers verify the certificates. Nothing is written
 * while the two are further apart than `apart` seconds (ROTATION_HOLD): one of them is wrong, and the
 * observer cannot know which. Which pair is served does not depend on a decision to write. */
#ifndef BRGATE_ROTATION_H
#define BRGATE_ROTATION_H

#include "certificate.h"

struct rotation_policy {
    int64_t settle; /* seconds */
    int64_t apart;  /* seconds between the two clocks that are still taken for agreement */
};

/* For certificates of this life (seconds): an hour (ISSUE_CLOCKS_APART), so that a leaf made now is valid already
 * for every API server; at most a 24th of the life, after which an expired CA counts as outlived (bundle.h), so that
 * none leaves while it is valid; and at least 2 s, because a Date has whole seconds and is older than its answer. */
int64_t rotation_apart(int64_t life);

struct rotation_leaf {
    bool usable;         /* complete, for our names, in its time, and of a CA that the Secret holds */
    bool covered;        /* every bundle of every webhook vouches for it, and there is one */
    int64_t covered_for; /* seconds that this observer has seen it so without a break */
    int64_t not_before, not_after;
};

struct rotation_view {
    int64_t server_now; /* the API server's clock, Unix seconds; 0: it has never said, and is not compared */
    bool secret;        /* it exists */
    struct rotation_leaf current; /* in the Secret */
    bool has_next;
    struct rotation_leaf next;
    bool cas_outlived; /* the Secret holds a CA that is long expired */
    bool bundles_seen; /* the webhook configurations could be read; the next is known only then */
    /* Their bundles hold every CA of the Secret, the CA of what this observer serves, and none that is long expired. */
    bool bundles_complete;
};

enum rotation_action {
    ROTATION_REST,    /* until `at` */
    ROTATION_SETTLE,  /* rest until `at`: the next leaf's CA is in the bundles, and API servers learn of it */
    ROTATION_HOLD,    /* write nothing: our clock and the API server's disagree */
    ROTATION_CREATE,  /* make the Secret, with a new pair as the current one; 409 means another was faster */
    ROTATION_REPLACE, /* a new pair becomes the current one, the next one is dropped */
    ROTATION_PREPARE, /* a new pair becomes the next one, its CA joins the Secret's */
    ROTATION_PUBLISH, /* merge the Secret's CAs into the bundles */
    ROTATION_SWITCH,  /* the next pair becomes the current one */
    ROTATION_TIDY,    /* drop outlived CAs from the Secret */
    ROTATION_ACTION_COUNT
};

struct rotation_step {
    enum rotation_action action;
    int64_t at; /* REST, SETTLE: when there will be something to do, Unix seconds */
};

/* `now` is the observer's own clock. */
struct rotation_step rotation_next(const struct rotation_policy *p, const struct rotation_view *v,
                                   int64_t now);

bool rotation_writes(enum rotation_action action); /* not REST, SETTLE or HOLD */

const char *rotation_word(enum rotation_action action); /* "settle" */

/* Whether a server that serves something of use (or not) may take up the Secret's current pair. */
bool rotation_may_serve(const struct rotation_policy *p, bool serving, const struct rotation_leaf *current);

/* Everything about a pair but its coverage. `host` is a name it must be for; not usable: `*reterr`. */
struct rotation_leaf rotation_look(struct arena *a, const struct certificate_pair *pair, slice cas,
                                   slice host, int64_t now, struct error *reterr);

#endif
