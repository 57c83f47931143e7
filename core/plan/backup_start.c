/* Decides whether a Backup can start its Job, and starts it. */
#include "backup.h"

#include "backup_check.h"

/* ---- obstacles ---- */

static void say(struct status *s, enum logbackup_command command, struct condition c)
{
    if (command == LOGBACKUP_UNKNOWN)
        status_condition(s, c);
    else
        status_command(s, command, c);
}

bool backup_blocked(struct planning *p, enum logbackup_command command, struct cluster_facts *ret)
{
    const struct backup_spec *b = p->object->backup;
    struct status s = status_open(p);
    slice fault = backup_fault(p);
    if (fault.n) {
        say(&s, command, (struct condition){"Invalid", false, LIT("InvalidSpec"), fault});
        status_close(p, &s, fault);
        plan_wait(p, 0, "the spec must be corrected: %.*s", FMT(fault));
        return true;
    }
    *ret = (struct cluster_facts){0};
    if (!b->job.br.node)
        return false;
    *ret = seen_cluster(p, &b->job.br);
    if (ret->hidden || ret->waits) {
        plan_wait(p, p->now + LOOK_AGAIN_SECONDS, "%s",
                  ret->hidden  ? ret->problem
                  : plan_v2(p) ? "the Cluster is paused or suspended"
                               : "the TidbCluster is not Ready");
        return true;
    }
    if (!ret->problem)
        return false;
    const struct text *other = &b->job.br.cluster_namespace;
    slice namespace = text_given(other) ? other->value : plan_namespace(p);
    slice reason = plan_v2(p) ? LIT("ClusterNotFound") /* v1's CRD takes any text, v2's only an identifier */
                              : arena_fmt(p->arena, "failed to fetch tidbcluster %.*s/%.*s", FMT(namespace),
                                          FMT(b->job.br.cluster.value));
    say(&s, command, (struct condition){"RetryFailed", false, reason, slice_of(ret->problem)});
    status_close(p, &s, slice_of(ret->problem));
    plan_wait(p, p->now + LOOK_AGAIN_SECONDS, "%s", ret->problem);
    return true;
}

/* ---- starting a Job ---- */

static bool refused(struct planning *p, struct status *s, enum logbackup_command command, slice job_name)
{
    const struct refused *r = &p->seen->refused;
    if (!slice_eq(r->name, job_name) || !slice_eq(r->kind, LIT("Job")))
        return false;
    slice message = arena_fmt(p->arena, "create backup %.*s/%.*s job %.*s failed, err: %.*s",
                              FMT(plan_namespace(p)), FMT(plan_name(p)), FMT(job_name), FMT(r->message));
    say(s, command, (struct condition){"RetryFailed", false, LIT("CreateBackupJobFailed"), message});
    status_close(p, s, message);
    plan_wait(p, p->now + LOOK_AGAIN_SECONDS, "%.*s", FMT(message));
    return true;
}

void backup_start(struct planning *p, struct status *s, enum logbackup_command command, struct node *job,
                  slice job_name, struct job_problem problem)
{
    if (refused(p, s, command, job_name))
        return;
    if (!job) {
        say(s, command, (struct condition){"RetryFailed", false, problem.reason, problem.message});
        status_close(p, s, problem.message);
        job_wait(p, "", problem);
        return;
    }
    if (p->seen->unknown & (UNKNOWN_JOBS | UNKNOWN_PODS) || seen_pod(p, job_name)) {
        plan_wait(p, p->now + LOOK_AGAIN_SECONDS, "a pod of Job %.*s may still run", FMT(job_name));
        return;
    }
    say(s, command, (struct condition){"Scheduled", false, {0}, {0}});
    status_close(p, s, LIT("written before the Job is created: its pod takes an empty phase for a restart"));
    plan_act(p, PLAN_CREATE, job,
             command == LOGBACKUP_UNKNOWN
                 ? LIT("the backup has not run yet")
                 : arena_fmt(p->arena, "the spec asks for the command %s", logbackup_command_text(command)));
    plan_wait(p, 0, "Job %.*s will run", FMT(job_name));
}
