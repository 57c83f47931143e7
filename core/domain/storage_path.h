/* Where a backup's data lies, and what cleaning it deletes.
 *
 * BR writes below the URL s3://<path.Join(bucket, prefix)>; the cleaner lists everything that begins with the
 * prefix as written. Where the two differ, data is missed or somebody else's is deleted.
 * [tidb-operator: pkg/controllers/br/manager/util, cmd/tidb-backup-manager/app/clean] */
#ifndef BRGATE_STORAGE_PATH_H
#define BRGATE_STORAGE_PATH_H

#include "arena.h"

slice path_clean(struct arena *a, slice path);               /* Go's path.Clean */
slice path_join(struct arena *a, slice first, slice second); /* Go's path.Join of two elements */

struct storage_place {
    slice bucket, prefix;             /* where BR writes; the prefix is "" or ends with a slash */
    slice clean_bucket, clean_prefix; /* what the cleaner lists */
    bool outside;                     /* BR writes to another bucket than the one that is named */
    bool cut_short;                   /* a ? or # ends the path: the rest counts as the URL's query */
};

struct storage_place storage_place(struct arena *a, slice bucket, slice prefix);

/* The cleaner does not list exactly what BR has written. */
bool storage_clean_misses(const struct storage_place *p);

bool storage_same(const struct storage_place *a, const struct storage_place *b);

/* Everything of `b` lies below `a` (or `a` is `b`): cleaning `a` would delete `b`. */
bool storage_contains(const struct storage_place *a, const struct storage_place *b);

#endif
