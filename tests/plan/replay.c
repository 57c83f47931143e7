/* replay FILE|FOLDER...: plays recorded histories to the core. Exit 0: all equal but for what is meant. */
#include "history.h"

#include "ceilings.h"
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_FILES = 4096 };

struct run {
    const struct patterns *patterns;
    struct tally tally;
    bool failed;
};

static void play_file(struct run *run, const char *path)
{
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    slice bytes;
    if (a && source_read(a, path, &bytes) && !arena_guard(a)) {
        history_play(a, run->patterns, path, bytes, &run->tally, stdout);
        arena_unguard(a);
    } else {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        run->failed = true;
    }
    arena_free(a);
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

int main(int argc, char **argv)
{
    struct run run = {.patterns = patterns_open()};
    for (int i = 1; i < argc && run.patterns; i++)
        play_path(&run, argv[i]);
    patterns_close((struct patterns *)run.patterns);
    tally_print(&run.tally, stdout);
    return run.failed ? 2 : tally_clean(&run.tally) ? 0 : 1;
}
