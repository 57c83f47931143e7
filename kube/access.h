/* Where the API server is and who we are. Internal to this layer. */
#ifndef BRGATE_KUBE_ACCESS_H
#define BRGATE_KUBE_ACCESS_H

#include "kube.h"

/* Texts end with a NUL behind their last byte. Of each pair of text and file at most one is set. */
struct kube_access {
    slice source; /* "in cluster" or the file */
    slice server; /* without a slash at its end */
    slice namespace;
    slice ca, certificate, key, token; /* PEM texts */
    slice ca_file, certificate_file, key_file, token_file;
    slice proxy; /* empty: as the environment says */
    bool direct; /* never through a proxy */
};

/* False with one line in `reterr`. */
bool kube_access_find(struct arena *a, const struct kube_place *place, struct kube_access *ret,
                      struct error *reterr);

#endif
