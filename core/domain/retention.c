/* Decides which of a schedule's two limits counts. [tidb-operator v1: backup_schedule_manager.go, backupGC()] */
#include "retention.h"

#include "duration.h"

enum { HOUR_SECONDS = 60 * 60 };

struct retention retention_of(const struct retention_fields *f)
{
    if (f->time_given) {
        bool positive = f->time_ns > 0;
        int64_t seconds = positive ? (f->time_ns - 1) / DURATION_SECOND + 1 : 0;
        return (struct retention){positive ? RETENTION_BY_TIME : RETENTION_UNKNOWN, seconds, 0};
    }
    if (!f->count_known)
        return (struct retention){.kind = RETENTION_UNKNOWN};
    if (f->count <= 0)
        return (struct retention){.kind = RETENTION_NONE};
    return (struct retention){RETENTION_BY_COUNT, 0, f->count};
}

int64_t retention_for_two(int64_t longest_gap)
{
    return (2 * longest_gap + HOUR_SECONDS - 1) / HOUR_SECONDS * HOUR_SECONDS;
}
