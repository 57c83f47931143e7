/* Builds a status: conditions and phases as TiDB Operator writes them.
 *
 * A log Backup has two layers: each command has a status with a phase and conditions of its own, and its effect on the
 * Backup's phase follows from logbackup_phase_after(). While the object is being deleted, every condition of a command
 * is also one of the Backup. [tidb-operator v2: pkg/controllers/br/manager/backup/backup_status_updater.go; v1 the same] */
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

/* A copy of the status that was observed, to be changed; status_close() writes it. */
struct status status_open(const struct planning *p);

/* Sets a condition of the Backup. Its type becomes the phase, except for Restart. */
void status_condition(struct status *s, struct condition c);
/* Sets a condition without changing the phase: for conditions that only brgate has. */
void status_note(struct status *s, struct condition c);
/* Sets such a condition to False, if it is there. */
void status_note_over(struct status *s, const char *type, slice message);

/* Sets a condition of a log command, with its effect on the Backup's. */
void status_command(struct status *s, enum logbackup_command command, struct condition c);
/* Returns the status of that command, and creates it if there is none. */
struct node *status_of_command(struct status *s, enum logbackup_command command);

bool status_has(const struct node *status, const char *type); /* a condition of the whole that is True */

/* Adds the action that writes the status, if it differs from the observed one; returns whether it did. */
bool status_close(struct planning *p, struct status *s, slice why);

#endif
