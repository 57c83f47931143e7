/* The values of an s3 block. What they may be depends on whose service it is. */
#include "checks.h"

#include "region.h"

#include "ascii.h"
#include "brgate_limits.h"
#include "suggest.h"
#include "utf8.h"

#define SUBJECT struct job_spec
#define RULES   "rule_s3.def"
#include "rule_table.h"

bool s3_provider_is(const struct s3 *s, const char *name)
{
    return text_given(&s->provider) && slice_eq(s->provider.value, slice_of(name));
}

bool s3_is_foreign(const struct s3 *s)
{
    return text_given(&s->provider) && !slice_eq(s->provider.value, LIT("aws"));
}

/* One that is none of the list is judged as AWS: most that get this far are aws misspelt. */
static bool uses_aws_api(const struct s3 *s)
{
    return text_empty(&s->provider) || s3_provider_is(s, "aws") || s->provider.state == FIELD_UNUSABLE;
}

static void provider_empty(struct rule_run *run, const struct job_spec *job)
{
    const struct s3 *s = &job->storage.s3;
    if (s->provider.state != FIELD_GIVEN || s->provider.value.n)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_provider_empty, FIELD_REQUIRED, at_value(s->provider.node),
                   "an empty provider means aws, so the region is checked against AWS");
    finding_hint(x, "write aws, or the provider that runs the service");
}

static void s3_bucket(struct rule_run *run, const struct job_spec *job)
{
    const struct s3 *s = &job->storage.s3;
    if (!text_empty(&s->bucket))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_s3_bucket, FIELD_REQUIRED, at_member(s->node, "bucket"), "");
    finding_hint(x, "write the name of the bucket that receives the data");
}

static void aws_region(struct rule_run *run, const struct job_spec *job)
{
    const struct s3 *s = &job->storage.s3;
    if (!s3_provider_is(s, "aws") || !text_empty(&s->region) || !text_empty(&s->endpoint))
        return;
    struct finding *x = finding_at(run->findings, &rule_aws_region, FIELD_NONE, at_member(s->node, "region"),
                                   "without a region BR looks for the bucket in us-east-1");
    finding_hint(x, "write the bucket's region");
}

static void region_zone(struct rule_run *run, const struct job_spec *job)
{
    const struct text *region = &job->storage.s3.region;
    if (!s3_provider_is(&job->storage.s3, "aws") || !text_given(region) || region->value.n < 2)
        return;
    slice without = slice_cut(region->value, 0, region->value.n - 1);
    char last = region->value.p[region->value.n - 1];
    if (last < 'a' || last > 'z' || !aws_region_valid(without))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_region_zone, FIELD_NONE, at_value(region->node),
                   "%.*s is an availability zone, not a region", FMT(node_value(run->arena, region->node)));
    finding_edit(x, at_value(region->node), without);
    finding_hint(x, "write %.*s", FMT(without));
}

/* The region as AWS writes it: `US_East_1` and `us-east1` become us-east-1. */
static slice tidy_region(struct arena *a, slice region)
{
    region = slice_trim(region);
    struct buf b = buf_new(a, region.n + 2);
    for (size_t i = 0; i < region.n; i++) {
        if (i + 1 == region.n && i && ascii_is_digit(region.p[i]) && ascii_is_letter(region.p[i - 1]))
            buf_char(&b, '-');
        buf_char(&b, region.p[i] == '_' || region.p[i] == ' ' ? '-' : ascii_lower(region.p[i]));
    }
    return buf_slice(&b);
}

static void region_style(struct rule_run *run, const struct job_spec *job)
{
    const struct s3 *s = &job->storage.s3;
    if (!s3_provider_is(s, "aws") || !text_given(&s->region) || !text_empty(&s->endpoint) ||
        aws_region_valid(s->region.value) || text_is_placeholder(s->region.value) ||
        utf8_count(s->region.value) < s->region.value.n) /* another rule reports that */
        return;
    struct finding *x = finding_at(run->findings, &rule_region_style, FIELD_NONE, at_value(s->region.node),
                                   "AWS has no region %.*s", FMT(node_value(run->arena, s->region.node)));
    slice tidy = tidy_region(run->arena, s->region.value);
    if (aws_region_valid(tidy)) {
        finding_edit(x, at_value(s->region.node), tidy);
        finding_hint(x, "write %.*s", FMT(tidy));
    } else {
        finding_hint(x, "write the bucket's region, such as us-east-1");
    }
}

/* ---- acl and storageClass: three ways ---- */

struct closed_set {
    const char *what; /* "ACL" */
    const slice *documented, *known;
    size_t documented_count, known_count; /* `known` to AWS besides */
};

static const slice acls[] = {
    SLICE("private"),           SLICE("public-read"),
    SLICE("public-read-write"), SLICE("authenticated-read"),
    SLICE("bucket-owner-read"), SLICE("bucket-owner-full-control"),
};
static const slice more_acls[] = {SLICE("aws-exec-read"), SLICE("log-delivery-write")};
static const slice storage_classes[] = {
    SLICE("STANDARD"), SLICE("REDUCED_REDUNDANCY"), SLICE("STANDARD_IA"), SLICE("ONEZONE_IA"),
    SLICE("GLACIER"),  SLICE("DEEP_ARCHIVE"),
};
static const slice more_storage_classes[] = {
    SLICE("INTELLIGENT_TIERING"), SLICE("GLACIER_IR"),  SLICE("OUTPOSTS"),  SLICE("SNOW"),
    SLICE("EXPRESS_ONEZONE"),     SLICE("FSX_OPENZFS"), SLICE("FSX_ONTAP"),
};

static const struct closed_set acl_set = {"ACL", acls, more_acls, COUNT(acls), COUNT(more_acls)};
static const struct closed_set storage_class_set = {
    "storage class",
    storage_classes,
    more_storage_classes,
    COUNT(storage_classes),
    COUNT(more_storage_classes),
};

static bool is_known(slice value, const struct closed_set *set)
{
    return slice_among(value, set->documented, set->documented_count) ||
           slice_among(value, set->known, set->known_count);
}

/* A value that AWS does not know. */
static void refuse_unknown(struct rule_run *run, const struct rule *rule, const struct s3 *s,
                           const struct text *field, const struct closed_set *set)
{
    if (text_given(field) && uses_aws_api(s) && !is_known(field->value, set))
        rule_unsupported(run, rule, field, set->documented, set->documented_count);
}

/* A value that AWS knows and the documents do not list, or that another provider may know. */
static void doubt_undocumented(struct rule_run *run, const struct rule *rule, const struct s3 *s,
                               const struct text *field, const struct closed_set *set)
{
    if (!text_given(field) || slice_among(field->value, set->documented, set->documented_count))
        return;
    struct finding *x;
    slice value = node_value(run->arena, field->node);
    if (uses_aws_api(s)) {
        x = finding_at(run->findings, rule, FIELD_NONE, at_value(field->node),
                       "%.*s: AWS has this %s, but TiDB's documentation does not list it", FMT(value),
                       set->what);
        finding_hint(x, "try it before you rely on it");
        return;
    }
    x = finding_at(run->findings, rule, FIELD_NONE, at_value(field->node),
                   "%.*s is not a documented value; whether it works depends on the provider", FMT(value));
    rule_did_you_mean(x, at_value(field->node),
                      suggest_nearest(field->value, set->documented, set->documented_count), field->value);
}

static void s3_acl_value(struct rule_run *run, const struct job_spec *job)
{
    refuse_unknown(run, &rule_s3_acl_value, &job->storage.s3, &job->storage.s3.acl, &acl_set);
}

static void s3_acl_undocumented(struct rule_run *run, const struct job_spec *job)
{
    doubt_undocumented(run, &rule_s3_acl_undocumented, &job->storage.s3, &job->storage.s3.acl, &acl_set);
}

static bool is_open(slice acl)
{
    return slice_starts(acl, LIT("public-read")) || slice_eq(acl, LIT("authenticated-read"));
}

static void s3_acl_public(struct rule_run *run, const struct job_spec *job)
{
    const struct s3 *s = &job->storage.s3;
    if (!text_given(&s->acl) || !slice_among(s->acl.value, acls, COUNT(acls)) || !is_open(s->acl.value))
        return;
    bool anybody = slice_starts(s->acl.value, LIT("public"));
    bool write = slice_ends(s->acl.value, LIT("-write"));
    struct finding *x = finding_at(
        run->findings, &rule_s3_acl_public, FIELD_NONE, at_value(s->acl.node),
        "%.*s lets %s read%s the whole backup", FMT(node_value(run->arena, s->acl.node)),
        anybody ? "anyone on the internet" : "anyone with an AWS account", write ? " and overwrite" : "");
    finding_hint(x, "omit acl: only the owner can read objects without one");
}

static bool has_documented_acl(const struct s3 *s)
{
    return text_given(&s->acl) && slice_among(s->acl.value, acls, COUNT(acls));
}

static void acl_unsupported_provider(struct rule_run *run, const struct job_spec *job)
{
    const struct s3 *s = &job->storage.s3;
    if (!has_documented_acl(s) || !s3_is_foreign(s))
        return;
    struct finding *x = finding_at(
        run->findings, &rule_acl_unsupported_provider, FIELD_NONE, at_key(s->acl.node),
        "BR sends the ACL with every object, and not every %.*s server accepts that", FMT(s->provider.value));
    finding_note(x, at_key(s->provider.node), "the provider is not aws");
    if (rule_field_is_unowned(run, s->acl.node))
        finding_hint(x,
                     "no manifest sets acl, a default added it: remove it from the object with kubectl edit");
    else
        finding_hint(x, "omit acl, and set permissions on the bucket");
}

/* AWS disables the ACLs of a new bucket, unless its owner enables them: the bucket then accepts a single one. What
 * no manifest has, the policy's defaults have added on purpose. */
static void acl_disabled_bucket(struct rule_run *run, const struct job_spec *job)
{
    const struct s3 *s = &job->storage.s3;
    if (!has_documented_acl(s) || !s3_provider_is(s, "aws") || job_is_dumpling(run, job) ||
        slice_eq(s->acl.value, LIT("bucket-owner-full-control")) || rule_field_is_unowned(run, s->acl.node))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_acl_disabled_bucket, FIELD_NONE, at_key(s->acl.node),
                   "BR sends the ACL with every object, and a bucket with ACLs disabled, as AWS "
                   "makes them since April 2023, refuses it");
    finding_hint(x, "omit acl: only the owner can read objects without one");
}

static void s3_storageclass_value(struct rule_run *run, const struct job_spec *job)
{
    const struct s3 *s = &job->storage.s3;
    refuse_unknown(run, &rule_s3_storageclass_value, s, &s->storage_class, &storage_class_set);
}

static void s3_storageclass_undocumented(struct rule_run *run, const struct job_spec *job)
{
    const struct s3 *s = &job->storage.s3;
    doubt_undocumented(run, &rule_s3_storageclass_undocumented, s, &s->storage_class, &storage_class_set);
}

static void s3_storageclass_frozen(struct rule_run *run, const struct job_spec *job)
{
    const struct s3 *s = &job->storage.s3;
    static const slice frozen[] = {SLICE("GLACIER"), SLICE("DEEP_ARCHIVE")};
    if (!text_given(&s->storage_class) || !slice_among(s->storage_class.value, frozen, COUNT(frozen)))
        return;
    struct finding *x = finding_at(
        run->findings, &rule_s3_storageclass_frozen, FIELD_NONE, at_value(s->storage_class.node),
        "objects in %.*s cannot be read until they are restored, and BR reads its own metadata back",
        FMT(s->storage_class.value));
    finding_hint(x, "write STANDARD_IA, and archive old backups with a lifecycle rule on the bucket");
}

static bool may_have_option(const struct job_spec *job, slice start)
{
    const struct block *options = &job->br.options;
    if (options->state != FIELD_GIVEN)
        return options->state != FIELD_ABSENT;
    for (const struct node *n = node_first(options->node); n; n = node_next(n))
        if ((n->flags & (NODE_BAD | NODE_PLACEHOLDER)) ||
            (n->kind == NODE_STRING && slice_starts(n->text, start)))
            return true;
    return false;
}

static void s3_sse_value(struct rule_run *run, const struct job_spec *job)
{
    const struct s3 *s = &job->storage.s3;
    static const slice kinds[] = {SLICE("AES256"), SLICE("aws:kms")};
    if (!text_given(&s->sse))
        return;
    if (!slice_among(s->sse.value, kinds, COUNT(kinds))) {
        rule_unsupported(run, &rule_s3_sse_value, &s->sse, kinds, COUNT(kinds));
        return;
    }
    if (slice_eq(s->sse.value, LIT("AES256")) || may_have_option(job, LIT("--s3.sse-kms-key-id")))
        return;
    struct finding *x = finding_at(
        run->findings, &rule_s3_sse_value, FIELD_NONE, at_value(s->sse.node),
        "aws:kms without a key uses the account's default key, which other accounts cannot use to read");
    finding_hint(x, "add --s3.sse-kms-key-id=<key> to br.options");
}

void check_s3(struct rule_run *run, const struct job_spec *job)
{
    run_checks(run, job);
}
