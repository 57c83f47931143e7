/* Lists the files that a run reads. */
#ifndef BRGATE_PATHS_H
#define BRGATE_PATHS_H

#include "ignore.h"

struct paths_options {
    const char *who;                   /* begins the lines on stderr */
    const struct ignore_list *exclude; /* what is not read even when it is named */
    bool gitignore;                    /* leave out of folders what .gitignore names */
};

struct path_failure {
    const char *name;
    int error; /* an errno */
};

struct paths {
    const char **names; /* sorted by their bytes, each file once; "-" is standard input */
    size_t count;
    size_t other_files; /* in folders: neither .yaml, .yml nor .json */
    size_t links;       /* in folders: links to folders, which are not followed */
    size_t ignored;     /* files and whole folders that the options leave out */
    size_t missing;     /* folders that were removed while they were searched */
    const struct path_failure
        *failures; /* operands and folders that could not be read: stderr names them too */
    size_t failed;
};

/* Folders are searched to any depth; what is hidden there (".git") is passed over. What an operand names is read
 * whatever it is called, unless it is excluded. Names are as given: "x" finds "x/a.yaml", "." finds "a.yaml"; a file
 * that several operands reach has the shortest of its names. Inside arena_run(). */
struct paths paths_collect(struct arena *a, char *const *operands, size_t count,
                           const struct paths_options *options);

#endif
