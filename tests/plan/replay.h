/* One history while it is played. */
#ifndef BRGATE_TEST_REPLAY_H
#define BRGATE_TEST_REPLAY_H

#include "history.h"

struct replay {
    struct world world;
    const char *name; /* of the file */
    struct tally *tally;
    FILE *out;
    const struct node *facts, *input, *outcome;
    struct plan_settings settings;
    struct log_task task;   /* the truth of the log task, as the played pods left it */
    struct refused refused; /* what the API server refused, as recorded */
    slice refused_job;      /* the Job that it will refuse */
    slice refused_message;
    struct plan last;  /* what was planned last */
    slice job_failure; /* the reason that a failed Job gives, as the record will show */
    bool lossy;        /* the record is cut here: its garbage collector was missing */
};

struct node *replay_object(const struct replay *r); /* NULL: it is gone */

/* Plans and acts until nothing is left to do now. */
void replay_settle(struct replay *r);
/* Moves the clock to the moment for which the plan waits, and settles again; false when it waits for none. */
bool replay_wait(struct replay *r);

/* What was compared; `difference` names the meant one, NULL: none. An empty `what` is equality. */
void replay_count(struct replay *r, enum subject subject, const char *difference, slice what);
void replay_compare_job(struct replay *r, const struct node *recorded);

/* schedules.c: a schedule's history, whose Steps have real times. */
void replay_schedule(struct replay *r, const struct document *rest);

/* player.c: what a Step says was done. False when the text is not known. */
bool replay_step(struct replay *r, slice text);

/* history.c: as first_difference(), but for what two runs never have in common. */
slice stored_difference(struct arena *a, const struct node *ours, const struct node *recorded);

/* differences.c: the name of the meant difference that explains one; NULL: none does. */
const char *job_difference(const struct replay *r, const struct node *ours, const struct node *recorded);
const char *status_difference(const struct replay *r, const struct node *recorded);

#endif
