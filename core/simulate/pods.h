/* What the pods of Jobs do: those of TiDB Operator's backup-manager, which report in the status of their object, and
 * those of our own compaction, which do not. The caller decides when a Job begins and ends, and how. */
#ifndef BRGATE_PODS_H
#define BRGATE_PODS_H

#include "world.h"

/* The log backup task of a cluster, as PD knows it. */
struct cluster_log {
    bool found, paused;
    uint64_t start, checkpoint; /* TSOs */
    int64_t missing_since;      /* Unix seconds; when it is not found */
};

/* What PD answers when it is asked for the task. */
struct log_task cluster_log_answer(const struct cluster_log *log);

enum job_work { WORK_SNAPSHOT, WORK_LOG, WORK_CLEAN, WORK_COMPACT };
enum job_work job_work(const struct node *job);
slice job_log_command(const struct node *job); /* "log-start"; empty for other work */

bool job_has_begun(const struct node *job);
bool job_has_ended(const struct node *job);

/* The Job's pod starts. */
void pod_begins(struct world *w, struct node *job);

struct pod_end {
    bool works;   /* the command has its effect */
    bool reports; /* the pod lives until it has said so */
};
/* The Job's pod ends: its effect on the cluster's task, its report, and the Job's condition. */
void pod_ends(struct world *w, struct cluster_log *log, struct node *job, struct pod_end end);

/* The container fails and starts again; false when pods of that Job do not: only those of v1's compactions do. */
bool pod_tries_again(struct world *w, struct node *job);

#endif
