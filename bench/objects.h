/* The objects of the benchmarks of the controller: BackupSchedules that are due at 01:00 each day, and the Backups that
 * they have made. */
#ifndef BRGATE_BENCH_OBJECTS_H
#define BRGATE_BENCH_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

struct objects {
    int64_t today; /* a moment of the day before which all runs were made, in Unix seconds */
    long backups;  /* that each schedule keeps */
    uint64_t version;
    char *text; /* what has been put, for free() */
    size_t n, capacity;
};

void objects_put(struct objects *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The schedule of that number, with this status. */
void objects_put_schedule(struct objects *o, long i, const char *status);
/* The run of that schedule, `days` before today. */
void objects_put_backup(struct objects *o, long i, long days);

#endif
