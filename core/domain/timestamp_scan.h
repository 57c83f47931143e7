/* Parses written dates and times; private to the timestamp sources. */
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

/* Parses exactly as Go's time.Parse does with the layout "2006-01-02 15:04:05" (ZONE_NONE) or RFC 3339. */
bool moment_scan(slice s, enum zone_form form, struct moment *ret, struct refusal *refusal);

/* Parses leniently, for hints: an unambiguous date with an optional time and zone, with other separators, single
 * digits, lower case, without seconds or time. Returns false when the text is not a date even so. */
bool moment_guess(slice s, struct moment *ret);

int64_t moment_unix(const struct moment *m);

/* Prints RFC 3339, with "Z" if there is no zone; returns what snprintf() returns. */
int moment_print(const struct moment *m, char *out, size_t size);

#endif
