/* Lists the objects of a kind, a page at a time. Internal to this layer. */
#ifndef BRGATE_LISTING_H
#define BRGATE_LISTING_H

#include "kube.h"

struct listing {
    struct kube *kube;
    const char *group_version, *resource;
    slice namespace; /* empty: all */
    slice selector;  /* of labels, encoded; empty: all */
    /* Takes one object of the list; false ends the listing. */
    bool (*object)(void *context, slice json);
    void *context;
    size_t requests; /* sent so far */
    slice error;     /* in `kept`, when the outcome is not OK */
    bool silent;     /* no server has answered */
};

/* KUBE_NOT_FOUND: the cluster does not have the kind. KUBE_OK also when object() has ended it. */
enum kube_outcome listing_run(struct listing *l, struct arena *page, struct arena *kept);

#endif
