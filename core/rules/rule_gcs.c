/* The values of a gcs block. */
#include "checks.h"

#define SUBJECT struct job_spec
#define RULES   "rule_gcs.def"
#include "rule_table.h"

static void gcs_required(struct rule_run *run, const struct job_spec *job)
{
    const struct gcs *g = &job->storage.gcs;
    if (g->project_id.state == FIELD_GIVEN && !g->project_id.value.n) {
        struct finding *x =
            finding_at(run->findings, &rule_gcs_required, FIELD_REQUIRED, at_value(g->project_id.node), "");
        finding_hint(x, "write the project that owns the bucket");
    }
    if (text_empty(&g->bucket)) {
        struct finding *x =
            finding_at(run->findings, &rule_gcs_required, FIELD_REQUIRED, at_member(g->node, "bucket"), "");
        finding_hint(x, "write the name of the bucket that receives the data");
    }
}

static void gcs_values(struct rule_run *run, const struct job_spec *job)
{
    static const slice classes[] = {SLICE("STANDARD"),
                                    SLICE("NEARLINE"),
                                    SLICE("COLDLINE"),
                                    SLICE("ARCHIVE"),
                                    SLICE("MULTI_REGIONAL"),
                                    SLICE("REGIONAL"),
                                    SLICE("DURABLE_REDUCED_AVAILABILITY")};
    static const slice object_acls[] = {SLICE("private"),         SLICE("projectPrivate"),
                                        SLICE("publicRead"),      SLICE("authenticatedRead"),
                                        SLICE("bucketOwnerRead"), SLICE("bucketOwnerFullControl")};
    static const slice bucket_acls[] = {SLICE("private"), SLICE("projectPrivate"), SLICE("publicRead"),
                                        SLICE("publicReadWrite"), SLICE("authenticatedRead")};
    const struct gcs *g = &job->storage.gcs;
    const struct {
        const struct text *field;
        const slice *values;
        size_t count;
    } checks[] = {{&g->storage_class, classes, COUNT(classes)},
                  {&g->object_acl, object_acls, COUNT(object_acls)},
                  {&g->bucket_acl, bucket_acls, COUNT(bucket_acls)}};
    for (size_t i = 0; i < COUNT(checks); i++)
        if (text_given(checks[i].field) &&
            !slice_among(checks[i].field->value, checks[i].values, checks[i].count))
            rule_unsupported(run, &rule_gcs_values, checks[i].field, checks[i].values, checks[i].count);
}

void check_gcs(struct rule_run *run, const struct job_spec *job)
{
    run_checks(run, job);
}
