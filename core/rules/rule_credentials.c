/* TiKV's right to write: by the Secret that is sent to it, or by its nodes' own role. */
#include "checks.h"

#define SUBJECT struct job_spec
#define RULES   "rule_credentials.def"
#include "rule_table.h"

static bool has_secret(const struct job_spec *job)
{
    const struct text *secret = storage_secret_name(&job->storage);
    return secret && text_given(secret);
}

static void secret_stays(struct rule_run *run, const struct flag *send, const struct text *secret)
{
    struct finding *x =
        finding_at(run->findings, &rule_secret_without_sendcred, FIELD_NONE, at_value(send->node),
                   "TiKV writes the data, and BR never sends it keys of Azure: the TiKV pods must have "
                   "the variables of the Secret %.*s, or an identity",
                   FMT(secret->value));
    finding_note(x, at_key(secret->node), "the credentials");
    finding_hint(x, "make sure that the TiKV pods have them, for example with envFrom");
}

/* TiKV writes the data itself; a compaction is made by the job's pod alone. */
static void secret_without_sendcred(struct rule_run *run, const struct job_spec *job)
{
    const struct flag *send = &job->br.send_cred_to_tikv;
    if (send->state != FIELD_GIVEN || send->value || !has_secret(job) || job_is_compaction(job))
        return;
    const struct text *secret = storage_secret_name(&job->storage);
    if (job->storage.used == STORAGE_AZBLOB) { /* BR sends the account's name only, whatever the field says */
        secret_stays(run, send, secret);
        return;
    }
    struct finding *x = finding_at(
        run->findings, &rule_secret_without_sendcred, FIELD_NONE, at_value(send->node),
        "TiKV writes the data but does not receive the credentials of the Secret %.*s", FMT(secret->value));
    finding_note(x, at_key(secret->node), "the credentials");
    finding_hint(x, "write true, unless the TiKV pods have their own role");
}

/* kube2iam and kiam read an annotation of the pod, which the operator copies from the object. */
static bool has_role_annotation(const struct rule_run *run)
{
    for (const struct node *n = node_first(run->object->metadata.annotations.node); n; n = node_next(n))
        if (slice_find(n->key, LIT("amazonaws.com")) != SLICE_NONE)
            return true;
    return false;
}

/* A list, or an element of it, that cannot be read may have them. */
static bool may_have_credentials_in_env(const struct job_spec *job)
{
    if (job->env.state == FIELD_UNUSABLE || job->env.state == FIELD_PLACEHOLDER)
        return true;
    for (const struct node *n = node_first(job->env.node); n; n = node_next(n)) {
        const struct node *name = node_get(n, LIT("name"));
        if (!value_usable(n) || (name && !value_usable(name)) ||
            (name && name->kind == NODE_STRING && slice_starts(name->text, LIT("AWS_"))))
            return true;
    }
    return false;
}

static void no_secret_but_sendcred(struct rule_run *run, const struct job_spec *job)
{
    const struct flag *send = &job->br.send_cred_to_tikv;
    if (job->storage.used != STORAGE_S3 || !text_empty(&job->storage.s3.secret_name) || !job->br.node ||
        job_is_compaction(job) || !text_empty(&job->service_account))
        return;
    if ((send->state != FIELD_ABSENT && send->state != FIELD_GIVEN) ||
        (send->state == FIELD_GIVEN && !send->value) || has_role_annotation(run) ||
        may_have_credentials_in_env(job))
        return;
    struct finding *x = finding_at(
        run->findings, &rule_no_secret_but_sendcred, FIELD_NONE, at_key(job->storage.s3.node),
        "there are no credentials to send to TiKV: no secretName, serviceAccount or role annotation");
    finding_hint(x, "add secretName, or give the pods a role and write br.sendCredToTikv: false");
}

void check_credentials(struct rule_run *run, const struct job_spec *job)
{
    run_checks(run, job);
}
