#include "config.h"

#include "brgate_limits.h"
#include "buf.h"
#include "file.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
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

/* A broken link exists, too: reading it says what is wrong. */
static bool exists(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0;
}

/* NULL when there is none. False when there is one under a name that is not read. */
static bool find(struct arena *a, const char **ret, struct error *reterr)
{
    unsigned root = repository_root(a);
    *ret = NULL;
    for (unsigned levels = 0; levels <= root; levels++) {
        const char *path = upwards(a, levels, ".brgate.yaml"), *other = upwards(a, levels, ".brgate.yml");
        bool found = exists(path);
        if (exists(other))
            return error_set(reterr,
                             found ? "%s is not read, but .brgate.yaml beside it: remove one of them"
                                   : "%s is not read: rename it to .brgate.yaml",
                             other);
        if (found) {
            *ret = path;
            return true;
        }
    }
    return true;
}

static const struct ignore_list *list_of(struct arena *a, const char *path, const struct policy_excludes *x)
{
    char real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    slice folder = slash ? (slice){path, (size_t)(slash - path + 1)} : LIT(".");
    if (!x->count || !realpath(arena_cstr(a, folder), real))
        return NULL;
    struct ignore_list *list = ignore_new(a, arena_cstr(a, slice_of(strcmp(real, "/") ? real : "")));
    for (size_t i = 0; i < x->count; i++)
        ignore_add(a, list, x->patterns[i]);
    return list;
}

bool config_load(struct arena *a, const char *named, struct config *ret, struct error *reterr)
{
    slice bytes;
    struct error why;
    struct policy_excludes excludes = {0};
    const char *path = named;
    *ret = (struct config){0};
    if (!named && !find(a, &path, reterr))
        return false;
    if (!path)
        return true;
    if (!file_read(a, path, LIMIT_SETTINGS_BYTES, &bytes, reterr))
        return false;
    if (!policy_read(&ret->policy, a, bytes, &excludes, &why))
        return error_set(reterr, "%s:%s", path, why.text);
    for (size_t i = 0; i < excludes.count; i++)
        if (!ignore_check(excludes.patterns[i], &why))
            return error_set(reterr, "%s: exclude: %.*s: %s", path, FMT(excludes.patterns[i]), why.text);
    ret->exclude = list_of(a, path, &excludes);
    return true;
}
