/* Plans for a CompactBackup, and its Jobs. */
#ifndef BRGATE_PLAN_COMPACT_H
#define BRGATE_PLAN_COMPACT_H

#include "job.h"

/* Plans for a CompactBackup: its one Job, and what becomes of that. */
void plan_compaction(struct planning *p);

/* The Job of v1's backup-manager. */
struct node *compact_job_v1(const struct planning *p, const struct cluster_facts *c, struct job_problem *ret);
/* The Job for v2, whose backup-manager image has no compaction: br encodes the storage, and tikv-ctl compacts. No
 * credential is in an argument: both tools read them from the environment. */
struct node *compact_job_v2(const struct planning *p, const struct cluster_facts *c, struct job_problem *ret);

/* The contents of the termination message of a container of the v2 Job. */
struct compact_report {
    uint64_t reached; /* TSO up to which there was something to compact; 0: unknown */
    slice progress, error;
};
/* Reads it; what is not there stays empty. */
struct compact_report compact_report_of(slice termination_message);

/* On the CompactBackup: the TSO that its compaction reached. v2's status has no field for it. */
#define COMPACTED_UNTIL "brgate.io/compacted-until"

#endif
