/* Judges many files at once and keeps their findings. */
#ifndef BRGATE_RUN_H
#define BRGATE_RUN_H

#include "paths.h"
#include "report.h"

struct run_options {
    const struct gate *gate;
    int64_t now;            /* Unix seconds */
    const char *stdin_name; /* what "-" is called in the report */
};

struct run_file {
    struct report_file *report; /* NULL when there is nothing to report */
    bool silenced;              /* a document cannot be read, and the rule that says why is off */
    int error;                  /* an errno when the file could not be judged */
};

enum { RUN_WORKERS = 8 };

struct run {
    struct run_file *files; /* of paths.names, in that order */
    struct report_totals totals;
    struct arena *kept[RUN_WORKERS]; /* what the files point to */
};

/* Reads and judges each file once (a file that cannot be read and is not meant for brgate is only counted, except for
 * standard input), with a thread for each processor, at most eight, and compares the objects of all of them. Keeps the
 * findings, and the text of files that have some or hold our objects. Returns false when there is no memory for the run
 * itself; call run_free() in any case. */
bool run_files(const struct run_options *options, const struct paths *paths, struct run *ret);
void run_free(struct run *run);

#endif
