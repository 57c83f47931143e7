/* The place of a backup's data: a service, a bucket, a folder. All code that compares the places of storage blocks uses
 * this, so that no two rules answer differently.
 *
 * A place is what BR makes of the fields, not how they are written: bucket and prefix are joined as Go joins paths, an
 * endpoint is its host and port, an endpoint of AWS is AWS, whose buckets have one name in all regions. Scheme, region,
 * credentials, storage class and the like do not say where data is. */
#ifndef BRGATE_LOCATION_H
#define BRGATE_LOCATION_H

#include "arena.h"

enum storage_type { STORAGE_NONE, STORAGE_S3, STORAGE_GCS, STORAGE_AZBLOB, STORAGE_LOCAL };

/* A field of a storage block. An absent one is known, and empty; a placeholder or a faulty value is not known. */
struct location_text {
    slice value;
    bool known;
};

struct location_fields {
    enum storage_type type;
    struct location_text provider, endpoint; /* s3 */
    struct location_text region;             /* s3: tells the partitions of AWS apart */
    struct location_text account,
        secret; /* azblob: storageAccount, and the Secret that may name it instead */
    struct location_text volume,
        sub_path; /* local: the volume as text, without the name that it has in the pod */
    struct location_text bucket, prefix; /* azblob: the container; local: no bucket */
};

struct location {
    enum storage_type type;
    slice service;        /* equal for equal services; empty: not known */
    slice bucket, folder; /* as BR has them; the folder is empty or ends with a slash */
    bool placed;          /* bucket and folder are known */
    bool known;           /* service, bucket and folder are, and are what the fields say at first sight */
    struct location_fields written;
};

/* The texts are in `a` or in the fields. */
struct location location_of(struct arena *a, const struct location_fields *fields);

/* The fields by which two locations differ, most general first. */
enum location_field {
    LOCATION_TYPE = 1,
    LOCATION_PROVIDER = 2,
    LOCATION_ENDPOINT = 4,
    LOCATION_ACCOUNT = 8,
    LOCATION_VOLUME = 16,
    LOCATION_BUCKET = 32,
    LOCATION_PREFIX = 64,
};
enum { LOCATION_FIELDS = 7 };

enum location_relation {
    LOCATION_UNCERTAIN, /* something that matters is not known */
    LOCATION_SAME,
    LOCATION_INSIDE, /* `a` is in a folder within the folder of `b` */
    LOCATION_AROUND, /* `b` is in a folder within the folder of `a` */
    LOCATION_APART,
};

struct location_comparison {
    enum location_relation relation;
    unsigned
        differs; /* enum location_field: what differs for certain, whatever the rest may be; 0: nothing */
};

/* Compares two places; neither is changed, and nothing is allocated. */
struct location_comparison location_compare(const struct location *a, const struct location *b);

#endif
