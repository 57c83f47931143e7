/* Names, labels and annotations of Kubernetes objects. [apimachinery: pkg/api/validate/content] */
#ifndef BRGATE_KUBE_NAME_H
#define BRGATE_KUBE_NAME_H

#include "refusal.h"

enum {
    KUBE_LABEL_BYTES = 63,
    KUBE_SUBDOMAIN_BYTES = 253,
    KUBE_ANNOTATIONS_BYTES = 256 << 10, /* keys and values of one object together */
};

bool kube_label(slice s, struct refusal *refusal); /* RFC 1123 label, lower case: a Service, a namespace */
bool kube_subdomain(slice s, struct refusal *refusal);      /* RFC 1123 subdomain, lower case: most objects */
bool kube_reference(slice s, struct refusal *refusal);      /* "NAME" or "NAMESPACE/NAME" of most objects */
bool kube_label_key(slice s, struct refusal *refusal);      /* "prefix/Name": labels, finalizers */
bool kube_label_value(slice s, struct refusal *refusal);    /* may be empty */
bool kube_annotation_key(slice s, struct refusal *refusal); /* as a label's key, but the prefix in any case */

#endif
