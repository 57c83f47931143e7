/* A status in the making: conditions and phases as TiDB Operator writes them.
 *
 * A log Backup has two layers: each command has a status with a phase and conditions of its own, and what of
 * it shows in the whole follows from logbackup_phase_after(). While the object is being deleted everything shows in
 * the whole. [tidb-operator v2: pkg/controllers/br/manager/backup/backup_status_updater.go; v1 the same] */
#ifndef BRGATE_CONDITION_H
#define BRGATE_CONDITION_H

#include "log_backup.h"
#include "planning.h"

struct status {
    const struct planning *planning;
    struct node *root; /* a copy of the old one, to be changed */
    slice phase;       /* of the whole, as it is by now */
};

struct condition {
    const char *type;
    bool is_false;
    slice reason, message; /* an empty reason is the type (v2 requires one) */
};

struct status status_open(const struct planning *p);

/* A condition of the whole. Its type becomes the phase, but for Restart. */
void status_condition(struct status *s, struct condition c);
/* The same without becoming the phase: for what only we say. */
void status_note(struct status *s, struct condition c);
/* Takes such a condition back: it becomes False, when it is there. */
void status_note_over(struct status *s, const char *type, slice message);

/* A condition of a log command, with its effect on the whole. */
void status_command(struct status *s, enum logbackup_command command, struct condition c);
/* The status of that command, which is made when there is none. */
struct node *status_of_command(struct status *s, enum logbackup_command command);

bool status_has(const struct node *status, const char *type); /* a condition of the whole that is True */

/* Adds the action that writes the status, when it differs from the one that was observed. */
bool status_close(struct planning *p, struct status *s, slice why);

#endif
