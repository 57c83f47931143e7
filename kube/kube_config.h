/* Where the API server is and who we are. Internal to this layer. */
#ifndef BRGATE_KUBE_CONFIG_H
#define BRGATE_KUBE_CONFIG_H

#include "kube.h"

/* Texts end with a NUL behind their last byte. Of each pair of text and file at most one is set. */
struct kube_config {
    slice source; /* "in cluster" or the file */
    slice server; /* without a slash at its end */
    slice namespace;
    slice ca, certificate, key, token; /* PEM texts */
    slice ca_file, certificate_file, key_file, token_file;
    slice proxy; /* empty: as the environment says */
};

/* False with one line in `reterr`. */
bool kube_config_load(struct arena *a, const struct kube_place *place, struct kube_config *ret,
                      struct error *reterr);

/* ---- kubeconfig.c ---- */

/* `paths` as $KUBECONFIG lists them; those that do not exist are passed over. */
bool kubeconfig_load(struct arena *a, slice paths, const char *context, struct kube_config *ret,
                     struct error *reterr);

/* The whole file with spaces and line breaks at its ends cut off. */
bool kube_read_file(struct arena *a, slice path, slice *ret, struct error *reterr);

#endif
