/* Patterns of gitignore(5): which files of a tree are left out. */
#ifndef BRGATE_IGNORE_H
#define BRGATE_IGNORE_H

#include "arena.h"
#include "error.h"

/* The patterns of one .gitignore or one list. Later patterns override earlier ones, and `!` includes again. */
struct ignore_list {
    const struct ignore_list *next; /* for the owner */
    const char *base; /* the folder that its patterns start from, absolute, without a slash at the end */
    struct ignore_pattern *patterns;
    size_t count, capacity;
};

/* Returns an empty list; `base` must outlive it. */
struct ignore_list *ignore_new(struct arena *a, const char *base);

/* Whether the pattern can match anything; false with what is wrong with it. git ignores such a line silently, and so do
 * the functions below. */
bool ignore_check(slice pattern, struct error *reterr);

/* Whether the pattern can match anything; false with what is wrong with it. git, and the functions below, silently take
 * such a line for one that matches nothing. */
bool ignore_check(slice pattern, struct error *reterr);

/* Adds the pattern of one line; comments and blank lines add nothing. The text must outlive the list. */
void ignore_add(struct arena *a, struct ignore_list *list, slice line);
void ignore_add_lines(struct arena *a, struct ignore_list *list, slice text);

enum ignore_answer { IGNORE_SILENT, IGNORE_OUT, IGNORE_IN };

/* What the last pattern that fits says of `path`, which is absolute. A pattern with a slash fits only below the base,
 * one without fits the last name of any path. The folders above the path are not asked about. */
enum ignore_answer ignore_ask(const struct ignore_list *list, slice path, bool is_folder);

#endif
