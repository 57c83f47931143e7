/* The bytes of one file. */
#ifndef BRGATE_SOURCE_H
#define BRGATE_SOURCE_H

#include "arena.h"

/* Reads a file, or standard input for "-", into the arena. At most one byte more than LIMIT_STREAM_BYTES is
 * read: the reader says that this is too large. False with errno set when it cannot be read; ENOMEM when the
 * arena is exhausted. */
bool source_read(struct arena *a, const char *name, slice *ret);

#endif
