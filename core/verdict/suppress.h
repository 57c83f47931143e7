/* Suppressions: findings that a user has accepted, with the reason:
 *
 *     prefix: ""   # brgate: allow prefix-missing: this bucket holds nothing else
 *
 * A comment at the end of a line applies to that line, a comment on a line of its own to the next line
 * that contains more than a comment. The annotation `brgate.io/allow.<rule>: <reason>` applies to the whole
 * object. */
#ifndef BRGATE_SUPPRESS_H
#define BRGATE_SUPPRESS_H

#include "position.h"
#include "verdict.h"

struct suppression {
    slice slug;
    slice reason;            /* empty when there is none, or none that is legible */
    const struct rule *rule; /* when it is known */
    bool understood;         /* false: begins with "brgate:" or "brgate.io/", but the rest is malformed */
    bool known, used;
    uint32_t line;           /* 0: the whole object, by annotation */
    const struct node *node; /* the annotation */
    uint32_t from, to;       /* the comment's bytes */
};

/* Suppressions from comments, in file order, or from an object's annotations. */
struct suppressions {
    struct suppression *items;
    size_t count, capacity;
};

/* The comments of a file, in its order, and the annotations of an object. They live in the arena. */
struct suppressions suppressions_in_text(struct arena *a, slice bytes, const struct line_table *lines);
struct suppressions suppressions_in_annotations(struct arena *a, const struct resource *o);

/* Returns the suppression that applies to the diagnostic, and marks it as used; NULL when there is none. */
struct suppression *suppression_for(const struct suppressions *all, const struct diagnostic *d,
                                    const struct line_table *lines);

/* Counts the suppressions in the verdict's document: annotations, and comments between its bytes. */
size_t suppressions_count(const struct suppressions *all, const struct verdict *v);

/* Adds a finding for each suppression in the verdict's document that is malformed, has no reason, names no rule or
 * suppressed nothing. */
void suppressions_report(const struct suppressions *all, const struct verdict *v, struct findings *f);

#endif
