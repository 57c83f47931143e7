/* replay FILE|FOLDER...: plays recorded histories to the core. Exit 0: all equal but for what is meant. */
#include "history.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_FILES = 4096 };

struct run {
    const struct schema_set *schemas;
    struct tally tally;
    bool failed;
};

struct file {
    struct run *run;
    struct arena *arena;
    const char *path;
    slice bytes;
};

static void play(void *context)
{
    const struct file *f = context;
    history_play(f->arena, f->run->schemas, f->path, f->bytes, &f->run->tally, stdout);
}

static void play_file(struct run *run, const char *path)
{
    struct file f = {.run = run, .arena = arena_new(LIMIT_ARENA_BYTES), .path = path};
    struct error error = {"out of memory"};
    if (!f.arena || !file_read(f.arena, path, LIMIT_STREAM_BYTES, &f.bytes, &error) ||
        !arena_run(f.arena, play, &f)) {
        fprintf(stderr, "replay: %s\n", error.text);
        run->failed = true;
    }
    arena_free(f.arena);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void play_path(struct run *run, const char *path)
{
    struct stat st;
    struct dirent **entries;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
        size_t n = strlen(path);
        if (n > 5 && !strcmp(path + n - 5, ".yaml"))
            play_file(run, path);
        return;
    }
    int count = scandir(path, &entries, NULL, by_name);
    if (count < 0) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        run->failed = true;
    }
    for (int i = 0; i < count; i++) {
        char below[4096];
        snprintf(below, sizeof below, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            play_path(run, below);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

struct paths {
    struct run run;
    struct arena *arena;
    char **argv;
};

static void play_all(void *context)
{
    struct paths *p = context;
    p->run.schemas = schema_set_new(p->arena, &builtin_schemas);
    for (char **path = p->argv + 1; *path; path++)
        play_path(&p->run, *path);
}

int main(int argc, char **argv)
{
    struct paths p = {.arena = arena_new(LIMIT_ARENA_BYTES), .argv = argv};
    (void)argc;
    if (!p.arena || !arena_run(p.arena, play_all, &p))
        return 2;
    arena_free(p.arena);
    tally_print(&p.run.tally, stdout);
    return p.run.failed ? 2 : tally_clean(&p.run.tally) ? 0 : 1;
}
