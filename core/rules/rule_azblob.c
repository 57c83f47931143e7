/* The values of an azblob block. */
#include "checks.h"

#include "ascii.h"

#define SUBJECT struct job_spec
#define RULES   "rule_azblob.def"
#include "rule_table.h"

static void azblob_container(struct rule_run *run, const struct job_spec *job)
{
    const struct azblob *z = &job->storage.azblob;
    if (!text_empty(&z->container))
        return;
    struct finding *x = finding_at(run->findings, &rule_azblob_container, FIELD_REQUIRED,
                                   at_member(z->node, "container"), "");
    finding_hint(x, "write the name of the container that receives the data");
}

static void azblob_credentials(struct rule_run *run, const struct job_spec *job)
{
    const struct azblob *z = &job->storage.azblob;
    if (job_is_dumpling(run, job)) /* which writes to no azblob at all */
        return;
    if (!text_empty(&z->secret_name) || (!text_empty(&z->storage_account) && !text_empty(&z->sas_token)))
        return;
    bool account = !text_empty(&z->storage_account), token = !text_empty(&z->sas_token);
    struct finding *x = finding_at(
        run->findings, &rule_azblob_credentials, FIELD_REQUIRED, at_member(z->node, "secretName"),
        account ? "storageAccount alone gives no permission to write: a Secret or sasToken is required"
        : token ? "sasToken requires storageAccount, which is missing"
                : "without credentials the operator crashes on this object repeatedly");
    finding_hint(x, "add secretName: a Secret with AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY%s",
                 token ? "; or storageAccount" : "");
}

static bool is_account(slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_is_digit(s.p[i]) && !(s.p[i] >= 'a' && s.p[i] <= 'z'))
            return false;
    return s.n >= 3 && s.n <= 24;
}

/* Returns the account in `https://backups.blob.core.windows.net`; empty: the text has another form. */
static slice account_in(slice url)
{
    size_t scheme = slice_find(url, LIT("://"));
    slice host = scheme == SLICE_NONE ? url : slice_from(url, scheme + 3);
    slice name = slice_cut(host, 0, slice_find_char(host, '.'));
    return name.n < host.n && is_account(name) ? name : (slice){0};
}

static void azblob_account(struct rule_run *run, const struct job_spec *job)
{
    const struct text *account = &job->storage.azblob.storage_account;
    if (!text_given(account) || is_account(account->value) || text_is_placeholder(account->value))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_azblob_account, FIELD_INVALID, at_value(account->node),
                   "%.*s: expected the name of a storage account, 3 to 24 lowercase letters and digits",
                   FMT(node_value(run->arena, account->node)));
    slice name = account_in(account->value);
    if (!name.n) {
        finding_hint(x, "write the account's name");
        return;
    }
    finding_edit(x, at_value(account->node), name);
    finding_hint(x, "write %.*s", FMT(name));
}

static void azblob_sas_inline(struct rule_run *run, const struct job_spec *job)
{
    const struct azblob *z = &job->storage.azblob;
    if (!text_given(&z->sas_token))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_azblob_sas_inline, FIELD_NONE, at_key(z->sas_token.node),
                   "the token is in plain text here and in the Job's command line");
    finding_hint(x, "put the credentials in a Secret and name it in secretName");
}

static void azblob_tier(struct rule_run *run, const struct job_spec *job)
{
    static const slice tiers[] = {SLICE("Hot"), SLICE("Cool"), SLICE("Archive")};
    const struct text *tier = &job->storage.azblob.access_tier;
    if (!text_given(tier))
        return;
    if (!slice_among(tier->value, tiers, COUNT(tiers))) {
        rule_unsupported(run, &rule_azblob_tier, tier, tiers, COUNT(tiers));
    } else if (slice_eq(tier->value, LIT("Archive"))) {
        struct finding *x = finding_at(
            run->findings, &rule_azblob_tier, FIELD_NONE, at_value(tier->node),
            "blobs in Archive cannot be read until they are rehydrated, and BR reads its own metadata back");
        finding_edit(x, at_value(tier->node), LIT("Cool"));
        finding_hint(x, "write Cool, and move old backups with a lifecycle rule");
    }
}

void check_azblob(struct rule_run *run, const struct job_spec *job)
{
    run_checks(run, job);
}
