/* Lists of certificates: the CAs that an API server believes (caBundle), and what a file or Secret holds. */
#ifndef BRGATE_BUNDLE_H
#define BRGATE_BUNDLE_H

#include "certificate.h"

struct bundle_entry {
    slice pem; /* this one alone */
    struct certificate_info info;
};

struct bundle {
    struct bundle_entry *entries;
    size_t count;
};

/* Returns every certificate of a PEM text, in order. False with one line in `reterr` when one of them is broken or
 * there is none. */
bool bundle_read(struct arena *a, slice pem, struct bundle *ret, struct error *reterr);

bool bundle_has(const struct bundle *b, slice fingerprint); /* by its fingerprint */

enum { BUNDLE_OUTLIVED_PART = 24 };

/* A CA leaves a list when it has been expired for a 24th of its life: what it signed has ended with it. The
 * caller's clock must not be ahead by as much (rotation_apart()). Nothing else ever makes one leave; see rotation.h. */
bool bundle_outlived(const struct certificate_info *ca, int64_t now);

/* Returns the list with every CA of `cas` added and the outlived ones removed; the CAs that stay come first, in their
 * order. Text that is no list of certificates counts as an empty one. `*ret_changed` tells whether the result holds
 * other certificates than `list`. False, with one line, when memory runs out. */
bool bundle_merge(struct arena *a, slice list, slice cas, int64_t now, slice *ret, bool *ret_changed,
                  struct error *reterr);

/* Returns the one CA of the list that vouches for the chain, as PEM; empty when none does. */
slice bundle_issuer(struct arena *a, slice list, slice chain, int64_t now);

#endif
