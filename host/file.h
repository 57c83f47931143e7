/* Reading whole files. */
#ifndef BRGATE_FILE_H
#define BRGATE_FILE_H

#include "arena.h"
#include "error.h"

/* Reads a regular file of at most `most` bytes into the arena. False with "PATH: why"; symbolic links are followed,
 * and nothing that could block (a pipe, a terminal) is opened. */
bool file_read(struct arena *a, const char *path, size_t most, slice *ret, struct error *reterr);

/* Reads at most `most` bytes of anything that can be read to its end, pipes of the shell too; standard input for "-".
 * 0, or the errno; ENOMEM when the arena is exhausted, ENOTSUP for a pipe in the file system, which may have no writer,
 * ever. */
int file_read_stream(struct arena *a, const char *path, size_t most, slice *ret);

/* Returns the words for this errno of file_read_stream(). */
const char *file_why(int error);

/* Returns whether the argument means standard input: "-". */
bool file_is_stdin(const char *path);

/* Returns the argument as reports show it: `stdin_name` for standard input. */
const char *file_shown(const char *path, const char *stdin_name);

#endif
