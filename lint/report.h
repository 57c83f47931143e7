/* Reports of a run, in one of several formats. */
#ifndef BRGATE_REPORT_H
#define BRGATE_REPORT_H

#include "across.h"
#include "buf.h"
#include "position.h"

/* A document as findings name it. */
struct report_object {
    slice api_version, kind, namespace, name;
    enum verdict_status status;
    bool readable;    /* it is YAML or JSON */
    uint32_t at, end; /* bytes of the file */
};

/* When an object of a cluster has a finding ("create"), and how severe it is then. */
struct report_moment {
    slice name;
    enum severity severity;
};

/* A finding of a file, or of an object of a cluster. */
struct reported {
    struct diagnostic diagnostic;
    const struct report_object *object;
    const struct report_moment *moments; /* of an object of a cluster */
    size_t moment_count;
    slice effect; /* what the server does about it: "denied", "would be denied"; empty: nothing */
};

/* The findings of one file in the order in which they are reported: by position, then by rule. An object of a cluster is
 * reported as a file that has no text. */
struct report_file {
    slice name;                          /* as the user gave it; of an object: "Backup team-a/nightly" */
    slice bytes;                         /* all of it; of an object: none */
    const struct line_table *lines;      /* of an object: NULL */
    const struct report_object *objects; /* by position */
    size_t object_count;
    struct reported *reported;
    size_t count;
};

/* Returns the findings of the stream, whose texts they share. */
struct report_file report_file_of(struct arena *a, slice name, const struct stream_verdict *stream);

/* Returns a copy that needs neither the stream nor its arena; without `lines`. */
struct report_file *report_file_keep(struct arena *a, const struct report_file *f);

/* Adds findings of the file, which come by position. */
void report_file_add(struct arena *a, struct report_file *f, const struct across_diagnostic *more,
                     size_t count);

struct report_totals {
    size_t files;      /* read and judged */
    size_t unreadable; /* could not be read, folders and operands included */
    size_t objects, skipped, errors, warnings, suppressed;
    size_t broken;  /* documents that are not YAML or JSON at all */
    size_t dropped; /* findings beyond LIMIT_FINDINGS of an object */
    size_t other_files, links;
    size_t not_ours; /* files that cannot be read as YAML or JSON and show no sign of our kinds */
    size_t ignored;  /* files and folders that are excluded, or named in .gitignore */
    size_t missing;  /* names found in a folder without a file: broken links, or removed since */
};

/* Adds what a stream holds, or what another worker has counted. */
void report_count(struct report_totals *t, const struct stream_verdict *stream);
void report_add(struct report_totals *t, const struct report_totals *more);

enum fail_on { FAIL_ON_ERROR, FAIL_ON_WARNING, FAIL_ON_NEVER };

/* Returns whether the run has failed, even if only because of an unreadable document whose finding the policy has
 * silenced. */
bool report_failed(const struct report_totals *t, enum fail_on fail_on);

/* A file or folder that could not be read. */
struct report_failure {
    slice name;
    slice reason;
};

/* What became of the PolicyReports. */
struct report_policy_reports {
    size_t written, unchanged, removed;
    size_t failed; /* not written, or not removed */
    slice error;   /* of the first failure */
    bool absent;   /* the cluster does not have the kind */
};

/* The numbers that an audit of a cluster adds. */
struct report_audit {
    size_t faulty, denied; /* objects with errors; those of them that the server would refuse today */
    size_t requests;       /* to the API server */
    const slice *notes;    /* what was not checked, and why: a line for each */
    size_t note_count;
    const struct report_policy_reports *policy_reports; /* NULL: not asked for */
};

/* The closing part of a report. */
struct report_end {
    struct report_totals totals;
    const struct report_failure *failures;
    size_t failure_count;
    const struct report_audit *audit; /* NULL: these are files */
};

/* A report is `open`, the files that have findings with `between` between them, and the end. */
struct report_format {
    slice name;
    slice open, between;
    void (*put_file)(struct buf *b, const struct report_file *f, bool colour);
    void (*put_end)(struct buf *b, const struct report_end *e);
    bool quiet_end; /* --quiet leaves the end out */
};

extern const struct report_format report_formats[];
extern const size_t report_format_count;

/* Puts one finding as text: the line for tools, the source line, the carets. */
void report_put_diagnostic(struct buf *b, const struct report_file *f, const struct diagnostic *d,
                           bool colour);

/* The functions of report_formats[]. */
void report_put_text(struct buf *b, const struct report_file *f, bool colour);
void report_put_text_end(struct buf *b, const struct report_end *e);
void report_put_github(struct buf *b, const struct report_file *f, bool colour);
void report_put_json(struct buf *b, const struct report_file *f, bool colour);
void report_put_json_end(struct buf *b, const struct report_end *e);

#endif
