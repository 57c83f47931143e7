/* Names of container images, as kubelet and the runtimes read them. [distribution: reference/regexp.go; go-digest:
 * algorithm.go] */
#ifndef BRGATE_IMAGE_NAME_H
#define BRGATE_IMAGE_NAME_H

#include "refusal.h"

/* "registry:port/path/name:tag@sha256:...". The registry, which has a dot or a port or is localhost, and the tag may have
 * capitals. */
bool image_name(slice s, struct refusal *refusal);

#endif
