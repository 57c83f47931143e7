/* UPDATE of a BackupSchedule whose log backup exists: the operator creates it once, and never looks at its template
 * again. */
#include "checks.h"

struct schedule_update {
    const struct schedule_spec *from, *to;
    slice log; /* the Backup that the schedule has created */
};

#define SUBJECT struct schedule_update
#define RULES   "rule_schedule_change.def"
#include "rule_table.h"

static bool moves(struct rule_run *run, const struct job_spec *now, const struct job_spec *before)
{
    struct location here = storage_location(run->arena, &now->storage),
                    there = storage_location(run->arena, &before->storage);
    return now->node && before->node && location_compare(&here, &there).differs;
}

static void log_template_unreached(struct rule_run *run, const struct schedule_update *u)
{
    const struct backup_spec *now = &u->to->log_backup_template, *before = &u->from->log_backup_template;
    const struct job_spec *compact = &u->to->compact_template.job,
                          *compact_before = &u->from->compact_template.job;
    bool moved = moves(run, &now->job, &before->job);
    if (!u->log.n)
        return;
    if (now->node && before->node && !node_same(now->node, before->node)) {
        struct finding *x =
            finding_at(run->findings, &rule_log_template_unreached, FIELD_NONE, at_key(now->node),
                       "the change does not reach the log backup %.*s, which exists already%s", FMT(u->log),
                       moved ? ": it keeps writing to the old place, and PITR and compaction look in "
                               "the new one"
                             : "");
        if (moved)
            finding_hint(x, "keep the place; to move the log, stop %.*s, delete it and take a new snapshot",
                         FMT(u->log));
        else
            finding_hint(x, "make the same change in the Backup %.*s", FMT(u->log));
    } else if (moves(run, compact, compact_before)) {
        struct finding *x = finding_at(
            run->findings, &rule_log_template_unreached, FIELD_NONE, at_key(compact->node),
            "the log backup %.*s keeps writing to the old place: compaction finds no log in the new one",
            FMT(u->log));
        finding_hint(x, "keep the place of the log backup");
    }
}

void check_schedule_change(struct rule_run *run)
{
    const struct resource *from = run->old, *to = run->object;
    if (!to->schedule->node || !from->schedule->node)
        return;
    run_checks(run, &(struct schedule_update){from->schedule, to->schedule,
                                              node_text_at(from->root, "status.logBackup")});
}
