/* Regions of S3 services: how they write them, and which one a host names. */
#ifndef BRGATE_REGION_H
#define BRGATE_REGION_H

#include "slice.h"

/* Returns whether AWS could have a region of that name: `us-east-1`, `us-gov-west-1`. */
bool aws_region_valid(slice s);

/* The region in the host of a service that we know, such as `cn-beijing` in `oss-cn-beijing-internal.aliyuncs.com`;
 * empty when the host is of no such service or names none. [The services' lists of endpoints] */
slice region_of_host(slice host);

/* Returns whether `region` is a region of the host's service, and another one than `there`, which region_of_host(host) gave.
 * Most services ignore a region that is not theirs; clients write us-east-1 when the region does not matter. */
bool region_contradicts(slice host, slice there, slice region);

#endif
