/* The values of gcs and azblob blocks. */
#include "rule_storage.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* ---- gcs ---- */

static void gcs_required(struct rule_run *run, const struct job_spec *job)
{
    const struct gcs *g = &job->storage.gcs;
    if (g->project_id.state == FIELD_GIVEN && !g->project_id.value.n) {
        struct finding *x = FOUND(run, gcs_required, FIELD_REQUIRED, &g->project_id, "%s", "");
        finding_hint(run->findings, x, "write the project that owns the bucket");
    }
    if (text_empty(&g->bucket)) {
        struct finding *x = rule_missing(run, RULE_gcs_required, g->node, "bucket", &g->bucket, "%s", "");
        finding_hint(run->findings, x, "write the name of the bucket that takes the data");
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
            rule_unsupported(run, RULE_gcs_values, checks[i].field, checks[i].values, checks[i].count);
}

/* ---- azblob ---- */

static void azblob_container(struct rule_run *run, const struct job_spec *job)
{
    const struct azblob *z = &job->storage.azblob;
    if (!text_empty(&z->container))
        return;
    struct finding *x =
        rule_missing(run, RULE_azblob_container, z->node, "container", &z->container, "%s", "");
    finding_hint(run->findings, x, "write the name of the container that takes the data");
}

static void azblob_credentials(struct rule_run *run, const struct job_spec *job)
{
    const struct azblob *z = &job->storage.azblob;
    if (!text_empty(&z->secret_name) || (!text_empty(&z->storage_account) && !text_empty(&z->sas_token)))
        return;
    bool account = !text_empty(&z->storage_account), token = !text_empty(&z->sas_token);
    struct finding *x =
        rule_missing(run, RULE_azblob_credentials, z->node, "secretName", &z->secret_name,
                     account ? "storageAccount alone gives no right to write: a secret or sasToken is wanted"
                     : token ? "sasToken belongs to a storageAccount, which is missing"
                             : "without credentials the operator crashes over this object again and again");
    finding_hint(run->findings, x,
                 "add secretName: a secret with AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY%s",
                 token ? "; or storageAccount" : "");
}

static void azblob_sas_inline(struct rule_run *run, const struct job_spec *job)
{
    const struct azblob *z = &job->storage.azblob;
    if (!text_given(&z->sas_token))
        return;
    struct finding *x = finding_say(run->findings, RULE_azblob_sas_inline, z->sas_token.node,
                                    "the token stands in plain text here and in the command line of the job");
    x->at_key = true;
    finding_hint(run->findings, x, "put the credentials into a secret and name it in secretName");
}

static void azblob_tier(struct rule_run *run, const struct job_spec *job)
{
    static const slice tiers[] = {SLICE("Hot"), SLICE("Cool"), SLICE("Archive")};
    const struct text *tier = &job->storage.azblob.access_tier;
    if (!text_given(tier))
        return;
    if (!slice_among(tier->value, tiers, COUNT(tiers))) {
        rule_unsupported(run, RULE_azblob_tier, tier, tiers, COUNT(tiers));
    } else if (slice_eq(tier->value, LIT("Archive"))) {
        struct finding *x = finding_say(
            run->findings, RULE_azblob_tier, tier->node,
            "blobs in Archive cannot be read before they are rehydrated, and BR reads its own metadata back");
        x->suggested = LIT("Cool");
        finding_hint(run->findings, x, "write Cool, and move old backups with a lifecycle rule");
    }
}

typedef void cloud_rule(struct rule_run *run, const struct job_spec *job);

void judge_cloud(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    static cloud_rule *const gcs_rules[] = {gcs_required, gcs_values}, *const azblob_rules[] = {
                                                                           azblob_container,
                                                                           azblob_credentials,
                                                                           azblob_sas_inline, azblob_tier};
    (void)spec;
    for (size_t i = 0; job->storage.used == STORAGE_GCS && i < COUNT(gcs_rules); i++)
        gcs_rules[i](run, job);
    for (size_t i = 0; job->storage.used == STORAGE_AZBLOB && i < COUNT(azblob_rules); i++)
        azblob_rules[i](run, job);
}
