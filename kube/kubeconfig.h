/* kubeconfig files, merged as kubectl merges them. Internal to this layer. */
#ifndef BRGATE_KUBECONFIG_H
#define BRGATE_KUBECONFIG_H

#include "access.h"

/* `paths` as $KUBECONFIG lists them; those that do not exist are passed over. */
bool kubeconfig_load(struct arena *a, slice paths, const char *context, struct kube_access *ret,
                     struct error *reterr);

#endif
