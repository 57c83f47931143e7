/* Keeps the PolicyReports of a cluster equal to what an audit has found. Internal to this layer.
 *
 * Each object with findings has one report, in its namespace, which the garbage collector removes with the object. An
 * object without findings has none. The reports of other programs are left alone. */
#ifndef BRGATE_AUDIT_REPORTS_H
#define BRGATE_AUDIT_REPORTS_H

#include "kube.h"
#include "report.h"
#include "schema.h"

struct reports;

/* What a report is about. */
struct report_subject {
    const struct schema_kind *kind;
    slice namespace, name, uid;
};

struct reports *reports_new(struct arena *kept); /* NULL when the arena is exhausted */

/* Adds findings to the report of an object; `*report` is NULL at first, and the object's own from then on. Everything is copied,
 * but for the subject's texts, which must last. Unwinds when the arena is exhausted. */
struct object_report;
void reports_add(struct reports *r, struct object_report **report, const struct report_subject *subject,
                 const struct reported *list, size_t count);

struct report_writing {
    struct kube *kube;
    struct arena *page, *scratch;
    int64_t now;     /* Unix seconds */
    slice namespace; /* the only one; empty: all */
    /* Whether all objects of that kind have been listed: only then a report without one is removed. */
    bool (*listed)(const void *context, slice api_version, slice kind);
    const void *context;

    size_t requests; /* sent */
    struct report_policy_reports result;
};

/* Writes what has changed, and removes reports of objects without findings. False when memory runs out; call it outside
 * arena_run(). */
bool reports_write(struct reports *r, struct report_writing *w);

#endif
