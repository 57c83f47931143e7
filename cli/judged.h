/* Shared by the commands that plan: a moment as an option, and a manifest that the gate judges first. */
#ifndef BRGATE_JUDGED_H
#define BRGATE_JUDGED_H

#include "error.h"
#include "verdict.h"

/* Takes a moment such as 2026-01-02T15:04:05Z, in Unix seconds. */
bool judged_moment(const char *value, int64_t *ret, struct error *reterr);

/* Reads the file, or standard input for "-". False when it cannot be read; stderr says why. */
bool judged_read(struct arena *a, const char *command, const char *path, slice *ret);

/* Prints the findings of at least that severity to stderr, as the linter does. Call it within arena_run(). */
void judged_print(struct arena *a, const char *path, const struct stream_verdict *stream,
                  enum severity least);

#endif
