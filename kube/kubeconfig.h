/* kubeconfig files, merged as kubectl merges them. Internal to this layer. */
#ifndef BRGATE_KUBECONFIG_H
#define BRGATE_KUBECONFIG_H

#include "access.h"

/* `paths` as $KUBECONFIG lists them; those that do not exist or are empty are passed over. `origin` is what names them,
 * for errors: "--kubeconfig"; NULL: nothing does. */
bool kubeconfig_load(struct arena *a, const char *origin, slice paths, const char *context,
                     struct kube_access *ret, struct error *reterr);

#endif
