/* What the objects of one run are to each other: two Backups in one folder, two log backups of a cluster, two
 * schedules at the same minute.
 *
 * While files are judged, each thread notes the footprints of their objects in a list of its own, in memory
 * that outlives the files. When all have been judged, across_judge() compares them, and across_merge() adds
 * what it found to the verdicts of a file that is judged once more: few files need that, and no other has to
 * be kept. */
#ifndef BRGATE_ACROSS_H
#define BRGATE_ACROSS_H

#include "verdict.h"

struct footprints; /* of one thread */

/* NULL when the arena is exhausted. */
struct footprints *footprints_new(struct arena *a);

/* Notes the objects of a manifest. `file` orders the run's files, `name` is what findings in other files call
 * it. Nothing in the stream is kept. False when the list's arena is exhausted. */
bool footprints_note(struct footprints *list, uint32_t file, slice name, const struct stream_verdict *stream);

struct across_row {
    uint32_t file;
    struct row row; /* its texts live in the arena given to across_judge(), or in the lists */
};

/* Compares the objects of all lists. The rows come by file and position; the order of the lists, and which
 * objects share one, make no difference. False when the arena is exhausted. */
bool across_judge(const struct gate *g, struct arena *a, struct footprints *const *lists, size_t count,
                  const struct across_row **ret_rows, size_t *ret_count);

/* The verdicts of a file with its rows among them, sorted as ever; a comment or annotation that allows a rule
 * is heeded. NULL when the arena is exhausted. */
const struct stream_verdict *across_merge(struct arena *a, const struct stream_verdict *stream,
                                          const struct across_row *rows, size_t count);

#endif
