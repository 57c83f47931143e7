#include "config.h"

#include "buf.h"
#include "source.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

static const char *upwards(struct arena *a, unsigned levels, const char *name)
{
    struct buf b = buf_new(a, PATH_MAX * 3);
    for (unsigned i = 0; i < levels; i++)
        buf_put(&b, LIT("../"));
    buf_put(&b, slice_of(name));
    return arena_cstr(a, buf_slice(&b));
}

/* How many folders the current one lies below the root. */
static unsigned depth(void)
{
    char path[PATH_MAX];
    unsigned levels = 0;
    for (const char *p = getcwd(path, sizeof path); p && *p; p++)
        levels += p[0] == '/' && p[1] != 0;
    return levels;
}

/* Levels from the current folder up to the root of the repository, 0 outside of one. */
static unsigned repository_root(struct arena *a)
{
    for (unsigned levels = 0, most = depth(); levels <= most; levels++)
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

bool config_read(struct policy *policy, struct arena *a, const char *path, struct error *reterr)
{
    slice bytes;
    struct error why;
    if (!source_read(a, path, &bytes))
        return error_set(reterr, "%s: %s", path, strerror(errno));
    return policy_read(policy, a, bytes, &why) || error_set(reterr, "%s:%s", path, why.text);
}
