/* Which checks an object meets. */
#include "checks.h"

/* A spec and what it describes is one subject: a rule is not checked where one that it needs has reported. */
static void check_job(struct rule_run *run, const struct job_spec *job)
{
    check_storage(run, job);
    if (job->storage.used == STORAGE_S3) {
        check_s3(run, job);
        check_endpoint(run, job);
    }
    if (job->storage.used == STORAGE_GCS)
        check_gcs(run, job);
    if (job->storage.used == STORAGE_AZBLOB)
        check_azblob(run, job);
    if (job->storage.used != STORAGE_NONE)
        check_place(run, job);
    check_pod_mounts(run, job);
    check_volumes(run, job);
    check_credentials(run, job);
    check_br(run, job);
    check_pod(run, job);
    check_affinity(run, job);
}

static void check_backup_spec(struct rule_run *run, const struct backup_spec *spec)
{
    if (!spec->node)
        return;
    size_t outer = findings_enter(run->findings);
    check_job(run, &spec->job);
    check_backup(run, spec);
    check_filter(run, spec);
    check_options(run, spec);
    check_dumpling(run, spec);
    if (spec->is_log)
        check_log(run, spec);
    findings_leave(run->findings, outer);
}

static void check_compact_spec(struct rule_run *run, const struct compact_spec *spec)
{
    if (!spec->node)
        return;
    size_t outer = findings_enter(run->findings);
    check_job(run, &spec->job);
    check_compact(run, spec);
    findings_leave(run->findings, outer);
}

static void check_schedule_spec(struct rule_run *run, const struct schedule_spec *spec)
{
    if (!spec->node)
        return;
    size_t outer = findings_enter(run->findings);
    check_schedule(run, spec);
    findings_leave(run->findings, outer);
    check_backup_spec(run, &spec->backup_template);
    check_backup_spec(run, &spec->log_backup_template);
    check_compact_spec(run, &spec->compact_template);
}

void rules_judge(struct rule_run *run)
{
    const struct resource *o = run->object;
    if (run->context == CONTEXT_DELETE) {
        check_deletion(run);
        return;
    }
    check_metadata(run, &o->metadata);
    check_backup_spec(run, o->backup);
    check_schedule_spec(run, o->schedule);
    check_compact_spec(run, o->compact);
    if (run->old)
        check_transition(run);
    if (run->old)
        check_schedule_change(run);
    report_texts(run, o->root);
}
