/* Judges many files at once and keeps what is to be printed. */
#ifndef BRGATE_RUN_H
#define BRGATE_RUN_H

#include "paths.h"
#include "report.h"

struct run_options {
    const struct gate *gate;
    const struct report_format *format;
    bool colour;
    int64_t now;            /* Unix seconds */
    const char *stdin_name; /* what "-" is called in the report */
};

/* What remains of a file when it has been judged. */
struct outcome {
    char *text; /* of malloc(); NULL when there are no findings */
    size_t n;
    int error; /* an errno when the file could not be judged */
};

struct run {
    struct outcome *outcomes; /* of paths.names, in that order */
    struct report_totals totals;
};

/* Uses a thread for each processor, at most eight. Memory grows with the findings, not with the files. False
 * when there is no memory for the run itself. */
bool run_files(const struct run_options *options, const struct paths *paths, struct run *ret);
void run_free(struct run *run, const struct paths *paths);

#endif
