/* Which files a run reads. */
#ifndef BRGATE_PATHS_H
#define BRGATE_PATHS_H

#include "arena.h"

struct paths {
    const char **names; /* sorted by their bytes, each once; "-" is standard input */
    size_t count;
    size_t other_files; /* in folders: neither .yaml, .yml nor .json */
    size_t links;       /* in folders: links to folders, which are not followed */
    size_t failed;      /* operands and folders that could not be read; a line on stderr tells of each */
};

/* Folders are searched to any depth; what is hidden there (".git") is passed over. What an operand names is
 * always read. Names are as given: "x" finds "x/a.yaml", "." finds "a.yaml". Inside a guarded arena; `who`
 * leads the lines on stderr. */
struct paths paths_collect(struct arena *a, char *const *operands, size_t count, const char *who);

#endif
