/* The pods of a Job: whether one is left, and why it does not run. */
#include "planning.h"

bool is_pod_of(const struct planning *p, const struct plan_head *h, slice job_name)
{
    return slice_eq(h->kind, LIT("Pod")) && slice_eq(h->namespace, plan_namespace(p)) &&
           slice_eq(tree_text(node_at(h->root, "metadata.labels"), "job-name"), job_name);
}

const struct node *seen_pod(const struct planning *p, slice job_name)
{
    for (size_t i = 0; i < p->seen->count; i++) {
        if (!is_pod_of(p, p->heads[i], job_name))
            continue;
        slice phase = tree_text_at(p->heads[i]->root, "status.phase");
        if (!slice_eq(phase, LIT("Succeeded")) && !slice_eq(phase, LIT("Failed")))
            return p->heads[i]->root;
    }
    return NULL;
}

static slice reason_and_message(const struct planning *p, const struct node *n)
{
    slice reason = tree_text(n, "reason"), message = tree_text(n, "message");
    return message.n ? arena_fmt(p->arena, "%.*s: %.*s", FMT(reason), FMT(message)) : reason;
}

/* The first container that waits for something else than the ones before it. */
static slice waiting_container(const struct planning *p, const struct node *statuses)
{
    for (const struct node *c = node_first(statuses); c; c = node_next(c)) {
        const struct node *waiting = node_at(c, "state.waiting");
        slice reason = tree_text(waiting, "reason");
        if (reason.n && !slice_eq(reason, LIT("PodInitializing")))
            return reason_and_message(p, waiting);
    }
    return (slice){0};
}

/* Returns why the pod does not run; empty if nothing prevents it. */
static slice hindrance(const struct planning *p, const struct node *pod)
{
    const struct node *conditions = node_at(pod, "status.conditions");
    for (const struct node *c = node_first(conditions); c; c = node_next(c))
        if (slice_eq(tree_text(c, "type"), LIT("PodScheduled")) &&
            slice_eq(tree_text(c, "status"), LIT("False")))
            return reason_and_message(p, c);
    slice init = waiting_container(p, node_at(pod, "status.initContainerStatuses"));
    return init.n ? init : waiting_container(p, node_at(pod, "status.containerStatuses"));
}

void plan_wait_blocked(struct planning *p, slice job_name, enum job_state state)
{
    plan_wait(p, p->now + LOOK_AGAIN_SECONDS, "Job %.*s %s", FMT(job_name),
              state == JOB_GOING ? "is being deleted, or cannot be seen" : "belongs to another object");
}

void plan_wait_job(struct planning *p, slice job_name, slice what)
{
    const struct node *pod = seen_pod(p, job_name);
    slice waits = pod ? hindrance(p, pod) : (slice){0};
    if (waits.n)
        plan_wait(p, 0, "%.*s; its pod waits: %.*s", FMT(what), FMT(waits));
    else
        plan_wait(p, 0, "%.*s", FMT(what));
}
