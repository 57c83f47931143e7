/* Findings that somebody has decided to live with, and says why:
 *
 *     prefix: ""   # brgate: allow prefix-missing: this bucket holds nothing else
 *
 * A comment at the end of a line speaks for that line, a comment on a line of its own for the next line
 * that holds more than a comment. The annotation `brgate.io/allow.<rule>: <reason>` speaks for the whole
 * object. */
#ifndef BRGATE_SUPPRESS_H
#define BRGATE_SUPPRESS_H

#include "position.h"
#include "verdict.h"

struct suppression {
    slice slug;
    slice reason;            /* empty when there is none, or nothing to read in it */
    const struct rule *rule; /* when it is known */
    bool understood; /* false: begins with "brgate:" or "brgate.io/" and goes on in no way that is known */
    bool known, used;
    uint32_t line;           /* 0: the whole object, by annotation */
    const struct node *node; /* the annotation */
    uint32_t from, to;       /* the comment's bytes */
};

/* Those of a text, in its order, or those of an object. */
struct suppressions {
    struct suppression *items;
    size_t count, capacity;
};

struct suppressions suppressions_in_text(struct arena *a, slice bytes, const struct line_table *lines);
struct suppressions suppressions_in_annotations(struct arena *a, const struct resource *o);

/* The suppression that speaks for the row, marked as used; NULL when there is none. */
struct suppression *suppression_for(const struct suppressions *all, const struct diagnostic *row,
                                    const struct line_table *lines);

/* Those that stand in the verdict's document: annotations, and comments between its bytes. */
size_t suppressions_count(const struct suppressions *all, const struct verdict *v);

/* Adds a finding for each that stands in the verdict's document and is not understood, has no reason, names
 * no rule or silenced nothing. */
void suppressions_report(const struct suppressions *all, const struct verdict *v, struct findings *f);

#endif
