/* The end of an object: deletions are never refused, but some take more with them than meant, and some
 * hang. */
#include "rule_log.h"

#define SUBJECT struct resource
#define RULES   "rule_deletion.def"
#include "rule_table.h"

/* TiDB Operator v2 no longer looks at an Invalid object that has its finalizer. */
static bool is_ignored(const struct resource *o)
{
    return o->group == GROUP_BR && logbackup_phase_of(o->status.phase) == LOGBACKUP_INVALID &&
           object_has_finalizer(o, object_finalizer(o));
}

static void delete_order(struct rule_run *run, const struct resource *o)
{
    enum logbackup_phase phase = logbackup_phase_of(o->status.phase);
    struct logbackup_status log = backup_log_status(&o->status);
    struct place command = at_missing(o->backup->node, LIT("logSubcommand"));
    if (!o->backup->node)
        return;
    if (is_ignored(o)) {
        struct finding *x =
            finding_at(run->findings, &rule_delete_order, FIELD_NONE, at_value(o->metadata.finalizers.node),
                       "TiDB Operator v2 ignores an Invalid Backup and its finalizer: this deletion hangs");
        finding_hint(x, "remove the finalizer %s by hand", object_finalizer(o));
    } else if (o->backup->is_log && logbackup_on_track(phase)) {
        struct finding *x = finding_at(
            run->findings, &rule_delete_order, FIELD_NONE, command,
            "the log backup is still %s: if the stop fails%s, its task keeps running and blocks every other "
            "log "
            "backup of the cluster%s",
            logbackup_phase_text(phase), o->group == GROUP_BR ? ", as it may with TLS" : "",
            o->group == GROUP_BR ? "; if the cluster is deleted or paused, this deletion hangs" : "");
        finding_hint(x, "set log-stop, wait for Stopped, then delete it");
    } else if (o->backup->is_log && log.started && phase != LOGBACKUP_STOPPED) {
        struct finding *x =
            finding_at(run->findings, &rule_delete_order, FIELD_NONE, command,
                       "the log backup is %.*s, and the operator does not wait until its task is stopped: a "
                       "task that keeps running blocks every other log backup of the cluster",
                       FMT(o->status.phase.n ? o->status.phase : LIT("in no phase")));
        finding_hint(x, "stop it with br log stop, then delete it");
    }
}

/* In every phase: cleaning deletes what was written before, whatever the outcome. */
static void delete_cleans(struct rule_run *run, const struct resource *o)
{
    const struct text *policy = &o->backup->clean_policy;
    bool failed = logbackup_phase_of(o->status.phase) == LOGBACKUP_FAILED;
    bool cleans =
        slice_eq(policy->value, LIT("Delete")) || (slice_eq(policy->value, LIT("OnFailure")) && failed);
    if (!text_given(policy) || !cleans || !o->status.backup_path.n || is_ignored(o))
        return;
    struct finding *x = finding_at(run->findings, &rule_delete_cleans, FIELD_NONE, at_value(policy->node),
                                   "deleting this Backup also deletes its data: everything in %.*s",
                                   FMT(o->status.backup_path));
    if (o->backup->is_log) /* the operator removes its finalizer whatever the policy was */
        finding_hint(x, "to keep the data, set cleanPolicy: Retain first");
    else
        finding_hint(x,
                     "to keep the data, set cleanPolicy: Retain first, and remove the finalizer %s by hand",
                     object_finalizer(o));
}

static void delete_running(struct rule_run *run, const struct resource *o)
{
    slice state = o->compact->node ? o->compact_state : o->status.phase;
    enum logbackup_phase phase = logbackup_phase_of(state);
    bool runs = phase == LOGBACKUP_SCHEDULED || phase == LOGBACKUP_PREPARE || phase == LOGBACKUP_RUNNING;
    if (!runs || (o->backup->node && o->backup->is_log))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_delete_running, FIELD_NONE,
                   at_member(node_get(o->root, LIT("status")), o->compact->node ? "state" : "phase"),
                   "it is still %.*s: deleting it ends its Job, and the data written so far is "
                   "incomplete",
                   FMT(state));
    finding_hint(x, "wait until it is Complete, then delete it");
}

static void schedule_delete_cascade(struct rule_run *run, const struct resource *o)
{
    const struct backup_spec *templates[] = {&o->schedule->backup_template,
                                             &o->schedule->log_backup_template};
    for (size_t i = 0; i < 2; i++) {
        const struct text *policy = &templates[i]->clean_policy;
        bool cleans = text_given(policy) && slice_eq(policy->value, LIT("Delete"));
        if (!cleans && !(i && templates[i]->node))
            continue;
        struct finding *x =
            finding_at(run->findings, &rule_schedule_delete_cascade, FIELD_NONE,
                       cleans ? at_value(policy->node) : at_key(templates[i]->node),
                       "deleting the schedule deletes %s%s",
                       i ? "its log backup, which cannot be started again" : "all its Backups",
                       cleans ? ", and cleanPolicy Delete also deletes the data" : "");
        finding_hint(x, "kubectl delete --cascade=orphan keeps %s", i ? "it" : "them");
    }
}

void check_deletion(struct rule_run *run)
{
    run_checks(run, run->object);
}
