/* Fields and values that are correct elsewhere, and that people therefore write here: those of earlier operators, of
 * other backup operators, of CronJobs and pods, and of S3 clients. foreign_names.def lists them. */
#ifndef BRGATE_FOREIGN_NAMES_H
#define BRGATE_FOREIGN_NAMES_H

#include "checks.h"

/* Which entries are used: those marked UNUSED, those not marked LATE, those marked LATE. */
enum foreign_stage { FOREIGN_UNUSED, FOREIGN_EARLY, FOREIGN_LATE };

/* Explains an unknown field from what its name means elsewhere: hint, edit, and where its value belongs. False when the
 * list does not have the name in this block at this stage. */
bool foreign_name_explain(struct finding *x, const struct schema_kind *kind, enum foreign_stage stage);

/* The same for a name that belongs one level lower, in a block that is written, or one level higher. */
bool foreign_name_explain_around(struct finding *x, const struct schema_kind *kind);

/* Explains a value that is not among those of its field from what it means elsewhere: hint and edit. */
bool foreign_name_explain_value(struct finding *x);

/* Records that `n`, or its content, belongs at `to`, a path from the root of the object. */
void finding_moves(struct finding *x, const struct node *n, slice to);

/* Letters, digits, '_', '-' and '.': what a hint may repeat as it is. */
bool is_plain_word(slice s);

/* `{name: TZ, value: "UTC"}` of a scalar field `TZ: UTC`. */
void put_variable(struct buf *b, const struct node *n);

#endif
