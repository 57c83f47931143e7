/* Keeps a server's certificate: in a Secret that all replicas share, renewed in time, and believed by the API
 * servers through the caBundle of the webhook configurations. rotation.h says what is done and why no review
 * fails meanwhile; this does it.
 *
 * Rights: get, create and update of the Secret; get and patch of the Validating- and the
 * MutatingWebhookConfiguration of that name. The Secret holds ca.crt, tls.crt and tls.key, and next.crt and
 * next.key while a rotation is under way. */
#ifndef BRGATE_KEEPER_H
#define BRGATE_KEEPER_H

#include "buf.h"
#include "certificate.h"
#include "kube.h"
#include "rotation.h"

struct keeper_options {
    slice namespace, secret; /* where the certificate lives */
    slice configuration;     /* name of the webhook configurations */
    slice service;           /* of the webhook, in the same namespace */
    const slice *more_names; /* for configurations that use a URL */
    size_t more_count;
    int64_t life, settle; /* seconds */
    unsigned interval;    /* milliseconds between two observations */
};

/* False with one line in `reterr` when a name is not one, or when the settings do not leave a rotation the time it needs. */
bool keeper_check(const struct keeper_options *o, struct error *reterr);

enum keeper_news { KEEPER_DONE, KEEPER_TROUBLE };

/* Called on the keeper's thread. Every member may be NULL. */
struct keeper_callbacks {
    void *context;
    /* Serve this pair from now on; false with one line when it is refused. The texts last for the call. */
    bool (*serve)(void *context, const struct certificate_pair *pair, struct error *reterr);
    void (*ready)(void *context, const char *why_not); /* NULL: ready for reviews */
    void (*say)(void *context, enum keeper_news news, const char *text);
};

struct keeper;

/* The client is the keeper's from now on and closed by it; NULL when memory runs out. Texts of the options
 * must outlive it. */
struct keeper *keeper_new(const struct keeper_options *o, struct kube *k,
                          const struct keeper_callbacks *callbacks);

struct keeper_result {
    enum rotation_action action; /* the last one that was due */
    bool failed;                 /* something could not be read or written; it has been reported */
    bool ready;                  /* the bundles vouch for the Secret's current pair, and it is served */
    unsigned wait; /* milliseconds until the next observation; 0 when there is more to do at once */
    int64_t at;    /* of the next step, Unix seconds */
};

/* Observes once and does what is due. */
struct keeper_result keeper_step(struct keeper *k);

/* Continues on a thread of its own until it is stopped. Returns false when no thread can be started. */
bool keeper_start(struct keeper *k);
void keeper_stop(struct keeper *k); /* ends the thread and frees; NULL is allowed */

void keeper_metrics(struct keeper *k, struct buf *b); /* from any thread */

#endif
