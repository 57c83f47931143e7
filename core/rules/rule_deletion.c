/* The end of an object: deletions are never refused, but some take more with them than meant, and some
 * hang. */
#include "rule_log.h"

#define SUBJECT struct resource
#define RULES   "rule_deletion.def"
#include "rule_table.h"

static void delete_order(struct rule_run *run, const struct resource *o)
{
    enum logbackup_phase phase = logbackup_phase_of(o->status.phase);
    const char *finalizer = object_finalizer(o);
    if (!o->backup->node)
        return;
    if (o->group == GROUP_BR && phase == LOGBACKUP_INVALID && object_has_finalizer(o, finalizer)) {
        struct finding *x =
            finding_at(run->findings, &rule_delete_order, FIELD_NONE, at_value(o->metadata.finalizers.node),
                       "TiDB Operator v2 ignores an Invalid Backup and its finalizer: this deletion hangs");
        finding_hint(x, "remove the finalizer %s by hand", finalizer);
    } else if (o->backup->is_log && logbackup_on_track(phase)) {
        struct finding *x = finding_at(
            run->findings, &rule_delete_order, FIELD_NONE, at_missing(o->backup->node, LIT("logSubcommand")),
            "the log backup is still %s: the operator has to stop it first, and this deletion hangs if that "
            "fails%s",
            logbackup_phase_text(phase),
            o->group == GROUP_BR ? ", as it does if the cluster uses TLS, is deleted or is paused" : "");
        finding_hint(x, "set log-stop, wait for Stopped, then delete it");
    }
}

static void schedule_delete_cascade(struct rule_run *run, const struct resource *o)
{
    const struct backup_spec *templates[] = {&o->schedule->backup_template,
                                             &o->schedule->log_backup_template};
    for (size_t i = 0; i < 2; i++) {
        const struct text *policy = &templates[i]->clean_policy;
        if (!text_given(policy) || !slice_eq(policy->value, LIT("Delete")))
            continue;
        struct finding *x =
            finding_at(run->findings, &rule_schedule_delete_cascade, FIELD_NONE, at_value(policy->node),
                       "deleting the schedule deletes %s, and cleanPolicy Delete also deletes the data",
                       i ? "its log backup" : "all its Backups");
        finding_hint(x, "kubectl delete --cascade=orphan keeps them");
    }
}

void check_deletion(struct rule_run *run)
{
    run_checks(run, run->object);
}
