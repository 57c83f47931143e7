/* Plans for a BackupSchedule. Everything is computed from the children each time: the status is for people, and may
 * be lost. */
#ifndef BRGATE_PLAN_SCHEDULE_H
#define BRGATE_PLAN_SCHEDULE_H

#include "condition.h"

/* Plans for a BackupSchedule: the children that are due, and those that retention deletes. */
void plan_schedule(struct planning *p);

/* ---- due.c: when ---- */

/* Computes the first due time after `after`; false when there is none. @every counts from `anchor`. */
bool due_after(const struct planning *p, int64_t anchor, int64_t after, int64_t *ret);

struct due {
    bool is;         /* there is a due time in (cursor, now] */
    int64_t at;      /* the newest one */
    unsigned missed; /* earlier ones in that range, up to MOST_MISSED */
};
enum { MOST_MISSED = 1000 };
/* The newest due time, and how many it hides. */
struct due due_now(const struct planning *p, int64_t anchor, int64_t cursor);

/* Convert a time to "2006-01-02t15-04-05" in UTC, and back; false when `text` does not end in such a stamp. */
slice stamp_of(const struct planning *p, int64_t at);
bool stamp_at_end(slice text, int64_t *ret);

/* ---- children.c: existing children ---- */

struct child {
    const struct plan_head *head;
    enum child_state state; /* at this time */
};

struct children {
    struct child *snapshots, *compactions; /* of this schedule, oldest first */
    size_t snapshot_count, compaction_count;
    const struct resource *log; /* without its spec; NULL: there is none */
    bool untimed;               /* one of them has no time: then nothing is deleted */
};
/* The observed children that this schedule controls. */
struct children children_of(const struct planning *p);

/* The spec of the log Backup, which there is: few plans need it. */
const struct backup_spec *log_spec(const struct planning *p, const struct children *c);

/* Returns a snapshot Backup of the same cluster, with any owner, that must end before the next may begin; NULL if there
 * is none. */
const struct node *running_in_cluster(const struct planning *p);

/* ---- child.c: new children ---- */

/* Names are made from the schedule and the due time, so that a repeated creation finds the first one. */
slice snapshot_child_name(const struct planning *p, int64_t due);
slice log_child_name(const struct planning *p);
slice compaction_child_name(const struct planning *p, int64_t slot);

/* The Backup for a due time, and the log Backup, from their templates. */
struct node *snapshot_child(const struct planning *p, int64_t due);
struct node *log_child(const struct planning *p);
/* The range is given in TSOs: v1's times without a zone are read in the zone of the pod. */
struct node *compaction_child(const struct planning *p, const struct backup_spec *log, int64_t slot,
                              uint64_t from, uint64_t until);

/* ---- retention.c: deletions ---- */

/* Deletes the children that are beyond maxReservedTime or maxBackups, and truncates the log. */
void plan_retention(struct planning *p, const struct children *c);

/* Returns the TSO up to which all of the log is compacted; 0 if unknown, or if nothing is. */
uint64_t compacted_until(const struct children *c);

#endif
