/* The Secret and the two webhook configurations as the API server holds them. Internal to this layer.
 *
 * All memory is of the arena; the functions unwind when it is exhausted. */
#ifndef BRGATE_KEEPER_STORE_H
#define BRGATE_KEEPER_STORE_H

#include "certificate.h"
#include "kube.h"

enum { STORE_KINDS = 2 }; /* validating, mutating */

struct store {
    struct kube *kube;
    slice namespace, secret; /* where the certificate lives */
    slice configuration;     /* the name of both configurations; empty: there are none to look at */
};

struct stored_secret {
    struct node *root; /* NULL: it does not exist */
    slice cas;         /* ca.crt */
    struct certificate_pair current, next;
    bool kept; /* brgate made it, and renews it */
};

struct stored_hooks {
    struct node *root; /* NULL: it does not exist */
};

/* Both return OK also when the object does not exist. */
struct kube_answer store_read_secret(const struct store *s, struct arena *a, struct stored_secret *ret);
struct kube_answer store_read_hooks(const struct store *s, struct arena *a, unsigned kind,
                                    struct stored_hooks *ret);

/* Creates the Secret, or replaces its five texts at the version that `old` has; whatever else it holds
 * stays. */
struct kube_answer store_write_secret(const struct store *s, struct arena *a, const struct stored_secret *old,
                                      const struct stored_secret *fresh);

const char *store_kind_word(unsigned kind);                   /* "validating" */
const struct node *hooks_first(const struct stored_hooks *h); /* its webhooks; node_next() for more */
slice hook_bundle(struct arena *a, const struct node *hook);  /* PEM; empty when there is none */

/* Returns whether a webhook of it lacks one of the CAs, or has one that is long expired. */
bool hooks_incomplete(struct arena *a, const struct stored_hooks *h, slice cas, int64_t now);

/* Returns whether every webhook of it would trust the chain, for `dns_name` when that is not empty. */
bool hooks_cover(struct arena *a, const struct stored_hooks *h, slice chain, slice dns_name, int64_t now);

/* Merges the CAs into the bundle of each webhook, at the version that `h` has. */
struct kube_answer store_publish(const struct store *s, struct arena *a, unsigned kind,
                                 const struct stored_hooks *h, slice cas, int64_t now);

#endif
