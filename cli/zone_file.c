/* Reads files of the time zone database. */
#include "zone_file.h"

#include "file.h"

#include <stdio.h>

/* Where libc looks, too. */
static const char folder[] = "/usr/share/zoneinfo";
enum { FILE_BYTES = 1 << 20 };

struct zone_reading {
    struct arena *arena;
    slice bytes;
    const struct zone *zone;
};

static void read_zone(void *context)
{
    struct zone_reading *r = context;
    r->zone = zone_read(r->arena, r->bytes);
}

bool zone_file_read(struct arena *a, const char *name, struct plan_settings *ret, struct error *reterr)
{
    char path[256];
    struct zone_reading r = {.arena = a};
    ret->time_zone = slice_of(name);
    ret->zone = NULL;
    if (!*name || !strcmp(name, "UTC"))
        return true;
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    bool safe = n > 0 && (size_t)n < sizeof path && !strstr(name, "..") && name[0] != '/';
    if (!safe || file_read_stream(a, path, FILE_BYTES, &r.bytes))
        return error_set(reterr, "there is no such zone in %s", folder);
    if (!arena_run(a, read_zone, &r))
        return error_set(reterr, "%s does not fit into memory", path);
    ret->zone = r.zone;
    return ret->zone || error_set(reterr, "%s is not a zone file", path);
}
