/* Reads files of the time zone database. */
#include "zone_file.h"

#include "file.h"

#include <stdio.h>

/* Where libc looks, too. */
static const char folder[] = "/usr/share/zoneinfo";
enum { FILE_BYTES = 1 << 20 };

bool zone_file_read(struct arena *a, const char *name, struct plan_settings *ret, struct error *reterr)
{
    char path[256];
    slice bytes;
    ret->time_zone = slice_of(name);
    ret->zone = NULL;
    if (!*name || !strcmp(name, "UTC"))
        return true;
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    bool safe = n > 0 && (size_t)n < sizeof path && !strstr(name, "..") && name[0] != '/';
    if (!safe || file_read_stream(a, path, FILE_BYTES, &bytes))
        return error_set(reterr, "there is no such zone in %s", folder);
    ret->zone = zone_read(a, bytes);
    return ret->zone || error_set(reterr, "%s is not a zone file", path);
}
