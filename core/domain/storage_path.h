/* Where a backup's data is, and what cleaning deletes.
 *
 * BR writes below the URL s3://<path.Join(bucket, prefix)>; the cleaner lists everything that begins with the
 * prefix as written. Where the two differ, cleaning misses data or deletes that of others.
 * [tidb-operator: pkg/controllers/br/manager/util, cmd/tidb-backup-manager/app/clean] */
#ifndef BRGATE_STORAGE_PATH_H
#define BRGATE_STORAGE_PATH_H

#include "arena.h"

slice path_clean(struct arena *a, slice path);               /* Go's path.Clean */
slice path_join(struct arena *a, slice first, slice second); /* Go's path.Join of two elements */

struct storage_place {
    slice bucket, prefix;             /* where BR writes; the prefix is "" or ends with a slash */
    slice clean_bucket, clean_prefix; /* what the cleaner lists */
    bool outside;                     /* BR writes to a bucket other than the named one */
    bool cut_short;                   /* a ? or # ends the path: the rest becomes query or fragment */
};

/* Both readings of a bucket and prefix as written; the texts are in the arena or in the arguments. */
struct storage_place storage_place(struct arena *a, slice bucket, slice prefix);

/* Returns whether the cleaner lists anything other than exactly what BR has written. */
bool storage_clean_misses(const struct storage_place *p);

#endif
