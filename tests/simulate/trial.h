/* One play of a schedule under a scenario. */
#ifndef BRGATE_TRIAL_H
#define BRGATE_TRIAL_H

#include "check.h"

#include "account.h"
#include "play.h"
#include "timeline.h"

enum { TRIAL_FROM = 1767225600 /* 2026-01-01 */ };

struct trial {
    struct arena *arena;
    struct gate *gate;
    uint64_t fail_at;            /* the nth allocation of the play fails; 0: none */
    const struct played *played; /* NULL: memory ran out */
};

struct trial trial_open(void);
void trial_close(struct trial *t);

/* Plays the BackupSchedule with `spec` ("schedule: ..., maxReservedTime: ...", and the templates of `log`) for `span`
 * seconds. The scenario may be empty. */
void trial_play(struct trial *t, const char *spec, bool log, slice scenario, int64_t span);

#endif
