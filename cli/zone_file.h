/* The values of --timezone. */
#ifndef BRGATE_ZONE_FILE_H
#define BRGATE_ZONE_FILE_H

#include "error.h"
#include "plan.h"

/* Fills in `time_zone` and `zone`, in the arena: of "Europe/Berlin", "UTC", or "" for none. False with what is wrong with
 * the name. */
bool zone_file_read(struct arena *a, const char *name, struct plan_settings *ret, struct error *reterr);

#endif
