#include "config.h"

#include "buf.h"
#include "source.h"

#include <errno.h>
#include <unistd.h>

enum { DEEPEST = 256 }; /* folders above the current one */

static const char *upwards(struct arena *a, unsigned levels, const char *name)
{
    struct buf b = buf_new(a, 4 * DEEPEST);
    for (unsigned i = 0; i < levels; i++)
        buf_put(&b, LIT("../"));
    buf_put(&b, slice_of(name));
    return arena_cstr(a, buf_slice(&b));
}

/* Levels from the current folder up to the root of the repository, 0 outside of one. "/.." is "/": the climb
 * ends at the latest after DEEPEST steps. */
static unsigned repository_root(struct arena *a)
{
    for (unsigned levels = 0; levels < DEEPEST; levels++)
        if (access(upwards(a, levels, ".git"), F_OK) == 0)
            return levels;
    return 0;
}

const char *config_find(struct arena *a)
{
    unsigned root = repository_root(a);
    for (unsigned levels = 0; levels <= root; levels++) {
        const char *path = upwards(a, levels, ".brgate.yaml");
        if (access(path, F_OK) == 0)
            return path;
    }
    return NULL;
}

bool config_read(struct policy *policy, struct arena *a, const char *path, slice *reterr)
{
    slice bytes, why;
    if (!source_read(a, path, &bytes)) {
        *reterr = arena_fmt(a, "%s: %s", path, strerror(errno));
        return false;
    }
    if (policy_read(policy, a, bytes, &why))
        return true;
    *reterr = arena_fmt(a, "%s:%.*s", path, FMT(why));
    return false;
}
