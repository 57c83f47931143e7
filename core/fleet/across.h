/* Compares the objects of one run: two Backups in one folder, two log backups of a cluster, two schedules at the same
 * minute.
 *
 * While files are judged, each thread adds summaries of their objects to a list of its own, in memory that outlives
 * the files. When all files have been judged, across_judge() compares the objects. */
#ifndef BRGATE_ACROSS_H
#define BRGATE_ACROSS_H

#include "verdict.h"

struct object_summaries; /* of one thread */

/* Returns an empty list, or NULL when the arena is exhausted. */
struct object_summaries *object_summaries_new(struct arena *a);

/* Adds the objects of a manifest. `file` orders the run's files; findings in other files refer to it as `name`, which is
 * empty for an object of a cluster: its namespace and name are enough.
 * Everything is copied from the stream. Returns false when the list's arena is exhausted. */
bool object_summaries_note(struct object_summaries *list, uint32_t file, slice name,
                           const struct stream_verdict *stream);

struct across_diagnostic {
    uint32_t file;
    struct diagnostic diagnostic; /* its texts live in the arena given to across_judge(), or in the lists */
};

struct across {
    const struct across_diagnostic *diagnostics; /* by file and position */
    size_t count, suppressed; /* findings that a comment or annotation allows are counted only */
};

/* Compares the objects of all lists. The order of the lists, and which objects share one, make no difference.
 * False when the arena is exhausted. */
bool across_judge(const struct gate *g, struct arena *a, struct object_summaries *const *lists, size_t count,
                  struct across *ret);

#endif
