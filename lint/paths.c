/* Walks folders for manifests. */
#include "paths.h"

#include "file.h"
#include "say.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IGNORE_BYTES = 1 << 20 };

enum entry { ENTRY_FILE, ENTRY_FOLDER, ENTRY_FOLDER_LINK, ENTRY_SPECIAL };

struct folder {
    const char *name, *absolute;
    const struct ignore_list *ignored; /* .gitignore of the folders above, the nearest first */
};

struct walk {
    struct arena *arena;
    const struct paths_options *options;
    struct paths *paths;
    const char **files;
    size_t file_count, file_capacity;
    struct folder *folders; /* still to be searched */
    size_t folder_count, folder_capacity;
    struct path_failure *failures;
    size_t failure_capacity;
    DIR *open;
};

static void add_file(struct walk *w, const char *name)
{
    w->files = arena_grow(w->arena, w->files, w->file_count, &w->file_capacity, sizeof *w->files);
    w->files[w->file_count++] = name;
}

static void add_folder(struct walk *w, struct folder folder)
{
    w->folders = arena_grow(w->arena, w->folders, w->folder_count, &w->folder_capacity, sizeof *w->folders);
    w->folders[w->folder_count++] = folder;
}

static void complain(struct walk *w, const char *name, int error)
{
    struct paths *p = w->paths;
    say("%s: %s: %s", w->options->who, name, file_why(error));
    w->failures = arena_grow(w->arena, w->failures, p->failed, &w->failure_capacity, sizeof *w->failures);
    w->failures[p->failed++] = (struct path_failure){name, error};
}

static const char *join(struct arena *a, const char *folder, const char *name)
{
    if (!strcmp(folder, ".") || !strcmp(folder, "./"))
        return arena_cstr(a, slice_of(name));
    const char *between = slice_ends(slice_of(folder), LIT("/")) ? "" : "/";
    return arena_cstr(a, arena_fmt(a, "%s%s%s", folder, between, name));
}

/* ---- what is left out ---- */

static bool is_out(const struct walk *w, const struct ignore_list *ignored, slice absolute, bool is_folder)
{
    for (const struct ignore_list *l = w->options->exclude; l; l = l->next)
        if (ignore_ask(l, absolute, is_folder) == IGNORE_OUT)
            return true;
    for (const struct ignore_list *l = ignored; l; l = l->next) {
        enum ignore_answer answer = ignore_ask(l, absolute, is_folder);
        if (answer != IGNORE_SILENT)
            return answer == IGNORE_OUT;
    }
    return false;
}

/* An operand is excluded also when a folder above it is. */
static bool is_excluded(const struct walk *w, const char *absolute, bool is_folder)
{
    slice path = slice_of(absolute);
    for (size_t i = 1; w->options->exclude && i < path.n; i++)
        if (path.p[i] == '/' && is_out(w, NULL, slice_cut(path, 0, i), true))
            return true;
    return is_out(w, NULL, path, is_folder);
}

/* Adds the .gitignore of that folder before those above it. */
static const struct ignore_list *with_own(struct walk *w, const struct folder *f)
{
    slice text;
    const char *path = join(w->arena, f->absolute, ".gitignore");
    if (!w->options->gitignore)
        return NULL;
    int error = file_read_stream(w->arena, path, IGNORE_BYTES, &text);
    if (error) {
        if (error != ENOENT && error != ENOTDIR)
            complain(w, path, error);
        return f->ignored;
    }
    struct ignore_list *list = ignore_new(w->arena, f->absolute);
    ignore_add_lines(w->arena, list, text);
    list->next = f->ignored;
    return list;
}

/* Adds the .gitignore files of the folders above it, up to the one that holds .git; without that there are none. */
static const struct ignore_list *of_folders_above(struct walk *w, const char *absolute)
{
    slice path = slice_of(absolute);
    size_t root = path.n;
    while (root && access(join(w->arena, arena_cstr(w->arena, slice_cut(path, 0, root)), ".git"), F_OK) != 0)
        for (root--; root && path.p[root] != '/';)
            root--;
    const struct ignore_list *list = NULL;
    for (size_t i = root; root && i < path.n; i++)
        if (path.p[i] == '/')
            list = with_own(w, &(struct folder){NULL, arena_cstr(w->arena, slice_cut(path, 0, i)), list});
    return list;
}

/* ---- walking ---- */

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
        return ENTRY_FILE; /* a link that leads nowhere: reading it will show that */
    if (S_ISDIR(s.st_mode))
        return link ? ENTRY_FOLDER_LINK : ENTRY_FOLDER;
    return S_ISREG(s.st_mode) ? ENTRY_FILE : ENTRY_SPECIAL;
}

static bool is_manifest(slice name)
{
    return slice_ends(name, LIT(".yaml")) || slice_ends(name, LIT(".yml")) || slice_ends(name, LIT(".json"));
}

/* `f->ignored` holds the folder's own patterns by now. */
static void take_entry(struct walk *w, const struct folder *f, const struct dirent *e)
{
    enum entry entry = entry_of(dirfd(w->open), e);
    if (entry == ENTRY_FOLDER_LINK) {
        w->paths->links++;
        return;
    }
    if (entry == ENTRY_SPECIAL || (entry == ENTRY_FILE && !is_manifest(slice_of(e->d_name)))) {
        w->paths->other_files++;
        return;
    }
    const char *absolute = join(w->arena, f->absolute, e->d_name);
    if (is_out(w, f->ignored, slice_of(absolute), entry == ENTRY_FOLDER))
        w->paths->ignored++;
    else if (entry == ENTRY_FOLDER)
        add_folder(w, (struct folder){join(w->arena, f->name, e->d_name), absolute, f->ignored});
    else
        add_file(w, join(w->arena, f->name, e->d_name));
}

static void search(struct walk *w, struct folder f)
{
    w->open = opendir(f.name);
    if (!w->open && errno == ENOENT) {
        w->paths->missing++;
        return;
    }
    if (!w->open) {
        complain(w, f.name, errno);
        return;
    }
    f.ignored = with_own(w, &f);
    const struct dirent *e;
    while (errno = 0, (e = readdir(w->open)))
        if (e->d_name[0] != '.')
            take_entry(w, &f, e);
    if (errno)
        complain(w, f.name, errno);
    closedir(w->open);
    w->open = NULL;
}

static void close_open(void *walk)
{
    const struct walk *w = walk;
    if (w->open)
        closedir(w->open);
}

/* Returns the absolute path of the operand; of a link, its own path and not its target's. NULL when that is unknown. */
static const char *absolute_of(struct arena *a, const char *operand, bool is_folder)
{
    char real[PATH_MAX];
    const char *slash = strrchr(operand, '/');
    slice above = !slash             ? LIT(".")
                  : slash == operand ? LIT("/")
                                     : (slice){operand, (size_t)(slash - operand)};
    if (!realpath(is_folder ? operand : arena_cstr(a, above), real))
        return NULL;
    const char *root = !strcmp(real, "/") ? "" : real;
    return is_folder ? arena_cstr(a, slice_of(root)) : join(a, root, slash ? slash + 1 : operand);
}

static void take_operand(struct walk *w, const char *operand)
{
    struct stat s;
    if (file_is_stdin(operand)) {
        add_file(w, operand);
        return;
    }
    if (stat(operand, &s) != 0) {
        complain(w, operand, errno);
        return;
    }
    bool is_folder = S_ISDIR(s.st_mode);
    const char *absolute = absolute_of(w->arena, operand, is_folder);
    if (!absolute)
        complain(w, operand, errno);
    else if (is_excluded(w, absolute, is_folder))
        w->paths->ignored++;
    else if (!is_folder)
        add_file(w, operand);
    else
        add_folder(w, (struct folder){operand, absolute,
                                      w->options->gitignore ? of_folders_above(w, absolute) : NULL});
}

/* ---- each file once ---- */

struct named {
    const char *name;
    dev_t device;
    ino_t inode;
    bool known;
};

/* Orders the names of one file side by side, the best first. */
static int by_file(const void *p, const void *q)
{
    const struct named *a = p, *b = q;
    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    if (a->inode != b->inode)
        return a->inode < b->inode ? -1 : 1;
    size_t m = strlen(a->name), n = strlen(b->name);
    return m != n ? (m < n ? -1 : 1) : strcmp(a->name, b->name);
}

static int by_bytes(const void *p, const void *q)
{
    return strcmp(*(const char *const *)p, *(const char *const *)q);
}

static bool same_file(const struct named *a, const struct named *b)
{
    return a->known && b->known ? a->device == b->device && a->inode == b->inode : !strcmp(a->name, b->name);
}

static void keep_each_once(struct walk *w)
{
    struct named *all = ARENA_ARRAY(w->arena, struct named, w->file_count);
    for (size_t i = 0; i < w->file_count; i++) {
        struct stat s;
        all[i].name = w->files[i];
        all[i].known = !file_is_stdin(w->files[i]) && lstat(w->files[i], &s) == 0;
        if (all[i].known) {
            all[i].device = s.st_dev;
            all[i].inode = s.st_ino;
        }
    }
    qsort(all, w->file_count, sizeof *all, by_file);
    size_t kept = 0;
    for (size_t i = 0; i < w->file_count; i++)
        if (i == 0 || !same_file(&all[i - 1], &all[i]))
            w->files[kept++] = all[i].name;
    w->file_count = kept;
}

struct paths paths_collect(struct arena *a, char *const *operands, size_t count,
                           const struct paths_options *options)
{
    struct paths paths = {0};
    struct walk *w = ARENA_NEW(a, struct walk);
    *w = (struct walk){.arena = a, .options = options, .paths = &paths};
    arena_defer(a, close_open, w);
    for (size_t i = 0; i < count; i++)
        take_operand(w, operands[i]);
    while (w->folder_count)
        search(w, w->folders[--w->folder_count]);
    if (count > 1 && w->file_count)
        keep_each_once(w);
    if (w->file_count)
        qsort(w->files, w->file_count, sizeof *w->files, by_bytes);
    paths.names = w->files;
    paths.count = w->file_count;
    paths.failures = w->failures;
    return paths;
}
