/* Walks folders for manifests. */
#include "paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum entry { ENTRY_FILE, ENTRY_FOLDER, ENTRY_FOLDER_LINK, ENTRY_SPECIAL };

struct names {
    const char **items;
    size_t count, capacity;
};

struct walk {
    struct arena *arena;
    struct names files, folders; /* found; still to be searched */
    struct paths *paths;
    const char *who;
    DIR *open;
};

static void push(struct walk *w, struct names *list, const char *name)
{
    list->items = arena_grow(w->arena, list->items, list->count, &list->capacity, sizeof *list->items);
    list->items[list->count++] = name;
}

static void complain(struct walk *w, const char *name, int error)
{
    fprintf(stderr, "%s: %s: %s\n", w->who, name, strerror(error));
    w->paths->failed++;
}

static const char *join(struct arena *a, const char *folder, const char *name)
{
    if (!strcmp(folder, ".") || !strcmp(folder, "./"))
        return arena_cstr(a, slice_of(name));
    const char *between = slice_ends(slice_of(folder), LIT("/")) ? "" : "/";
    return arena_cstr(a, arena_fmt(a, "%s%s%s", folder, between, name));
}

static enum entry entry_of(int folder, const struct dirent *e)
{
    struct stat s;
    bool link = e->d_type == DT_LNK;
    if (e->d_type == DT_REG)
        return ENTRY_FILE;
    if (e->d_type == DT_DIR)
        return ENTRY_FOLDER;
    if (e->d_type == DT_UNKNOWN && fstatat(folder, e->d_name, &s, AT_SYMLINK_NOFOLLOW) == 0)
        link = S_ISLNK(s.st_mode);
    if (fstatat(folder, e->d_name, &s, 0) != 0)
        return ENTRY_FILE; /* a link that leads nowhere: reading it will say so */
    if (S_ISDIR(s.st_mode))
        return link ? ENTRY_FOLDER_LINK : ENTRY_FOLDER;
    return S_ISREG(s.st_mode) ? ENTRY_FILE : ENTRY_SPECIAL;
}

static bool is_manifest(slice name)
{
    return slice_ends(name, LIT(".yaml")) || slice_ends(name, LIT(".yml")) || slice_ends(name, LIT(".json"));
}

static void take_entry(struct walk *w, const char *folder, int fd, const struct dirent *e)
{
    if (e->d_name[0] == '.')
        return;
    switch (entry_of(fd, e)) {
    case ENTRY_FILE:
        if (is_manifest(slice_of(e->d_name)))
            push(w, &w->files, join(w->arena, folder, e->d_name));
        else
            w->paths->other_files++;
        return;
    case ENTRY_FOLDER:
        push(w, &w->folders, join(w->arena, folder, e->d_name));
        return;
    case ENTRY_FOLDER_LINK:
        w->paths->links++;
        return;
    case ENTRY_SPECIAL:
        w->paths->other_files++;
        return;
    }
}

static void search(struct walk *w, const char *folder)
{
    w->open = opendir(folder);
    if (!w->open) {
        complain(w, folder, errno);
        return;
    }
    const struct dirent *e;
    while (errno = 0, (e = readdir(w->open)))
        take_entry(w, folder, dirfd(w->open), e);
    if (errno)
        complain(w, folder, errno);
    closedir(w->open);
    w->open = NULL;
}

static void close_open(void *walk)
{
    const struct walk *w = walk;
    if (w->open)
        closedir(w->open);
}

static int by_bytes(const void *p, const void *q)
{
    return strcmp(*(const char *const *)p, *(const char *const *)q);
}

static void take_operand(struct walk *w, const char *operand)
{
    struct stat s;
    if (!strcmp(operand, "-"))
        push(w, &w->files, operand);
    else if (stat(operand, &s) != 0)
        complain(w, operand, errno);
    else
        push(w, S_ISDIR(s.st_mode) ? &w->folders : &w->files, operand);
}

struct paths paths_collect(struct arena *a, char *const *operands, size_t count, const char *who)
{
    struct paths paths = {0};
    struct walk *w = ARENA_NEW(a, struct walk);
    *w = (struct walk){.arena = a, .paths = &paths, .who = who};
    arena_defer(a, close_open, w);
    for (size_t i = 0; i < count; i++)
        take_operand(w, operands[i]);
    while (w->folders.count)
        search(w, w->folders.items[--w->folders.count]);
    struct names *files = &w->files;
    if (files->count)
        qsort(files->items, files->count, sizeof *files->items, by_bytes);
    for (size_t i = 0; i < files->count; i++)
        if (paths.count == 0 || strcmp(files->items[paths.count - 1], files->items[i]) != 0)
            files->items[paths.count++] = files->items[i];
    paths.names = files->items;
    return paths;
}
