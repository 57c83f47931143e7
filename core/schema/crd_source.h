/* Makes flat CRDs from the sources in schemas/, whose README explains $use and NAME@GROUP. */
#ifndef BRGATE_CRD_SOURCE_H
#define BRGATE_CRD_SOURCE_H

#include "document.h"
#include "error.h"

/* Returns the CRD with every $use resolved, as Kubernetes expects it: a tree to read with node_first() and node_get()
 * (nodes that an overlay has replaced are flagged). `parts` are all part files, in any order. The texts must outlive
 * the tree. Returns NULL when the sources are wrong (broken YAML, a part that is missing, given twice or uses itself,
 * a null that removes nothing); `reterr` says what and where. */
struct node *crd_flatten(struct arena *a, slice crd, const slice *parts, size_t part_count,
                         struct error *reterr);

#endif
