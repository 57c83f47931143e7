/* The pieces of a written moment; private to the timestamp sources. */
#ifndef BRGATE_TIMESTAMP_SCAN_H
#define BRGATE_TIMESTAMP_SCAN_H

#include "civil.h"
#include "refusal.h"

struct moment {
    struct civil civil;
    int64_t nanosecond;
    bool zoned;
    int offset; /* seconds east of UTC */
};

enum zone_form { ZONE_NONE, ZONE_RFC3339 };

/* Exactly as Go's time.Parse takes "2006-01-02 15:04:05" (ZONE_NONE) or RFC 3339. */
bool moment_scan(slice s, enum zone_form form, struct moment *ret, struct refusal *refusal);

/* Any order of year, month, day, hour, minute, second with an optional zone that leaves no doubt: other
 * separators, single digits, lower case, missing seconds or time. False when that is no moment either. */
bool moment_guess(slice s, struct moment *ret);

int64_t moment_unix(const struct moment *m);

/* RFC 3339, "Z" when there is no zone; returns the length that snprintf() gives. */
int moment_print(const struct moment *m, char *out, size_t size);

#endif
