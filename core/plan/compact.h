/* The decision about a CompactBackup, and its Jobs. */
#ifndef BRGATE_PLAN_COMPACT_H
#define BRGATE_PLAN_COMPACT_H

#include "job.h"

void plan_compaction(struct planning *p);

/* The Job of v1's backup-manager. */
struct node *compact_job_v1(const struct planning *p, const struct cluster_facts *c, struct job_problem *ret);
/* A Job that needs no backup-manager, for v2, whose image has no compaction: br writes the storage down, and
 * tikv-ctl compacts. No credential is in an argument: both tools find them in the environment. */
struct node *compact_job_v2(const struct planning *p, const struct cluster_facts *c, struct job_problem *ret);

/* What a container of the v2 Job left as its termination message. */
struct compact_report {
    uint64_t reached; /* TSO up to which there was something to compact; 0: not said */
    slice progress, error;
};
struct compact_report compact_report_of(slice termination_message);

/* On the CompactBackup: the TSO that its compaction reached. v2's status has no field for it. */
#define COMPACTED_UNTIL "brgate.io/compacted-until"

#endif
