/* Judges what is in a cluster: lists it page by page, judges each object, compares them all.
 *
 * Memory is bounded by a page, an object, and a summary of each object (some 700 bytes); PolicyReports add each finding
 * (some 300 bytes). */
#ifndef BRGATE_AUDIT_H
#define BRGATE_AUDIT_H

#include "kube.h"
#include "report.h"
#include "verdict.h"

struct audit_options {
    struct kube *kube;
    const struct gate *gate;
    const struct schema_tables *schemas; /* the gate's */
    int64_t now;                         /* Unix seconds */
    unsigned kinds;                      /* what to list: 1 << the number in the schemas' kinds */
    slice namespace;                     /* the only one to list; empty: all */
    bool policy_reports;                 /* keep those of the cluster equal to the findings */
    /* Takes the findings of one object as soon as they are known. Findings of the comparison between objects come at
     * the end, in a file of their own. The arguments live until it returns; it may allocate from the arena. */
    void (*put)(void *context, struct arena *a, const struct report_file *f);
    void *context;
};

/* What the report ends with; in the arena of the audit. */
struct audit_result {
    struct report_end
        end; /* a kind that cannot be listed counts as `unreadable`, and is among the failures */
    struct report_audit audit;
    struct report_policy_reports policy_reports;
};

/* False when memory runs out. Everything that is kept lives in the arena; call it outside arena_run(). */
bool audit_run(const struct audit_options *options, struct arena *kept, struct audit_result *ret);

#endif
