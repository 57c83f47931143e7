/* The values of an s3 block. What they may be depends on whose service it is. */
#include "rule_storage.h"

#include "ceilings.h"
#include "suggest.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const slice providers[] = {
    SLICE("aws"),    SLICE("ceph"),  SLICE("alibaba"), SLICE("digitalocean"), SLICE("dreamhost"),
    SLICE("ibmcos"), SLICE("minio"), SLICE("netease"), SLICE("wasabi"),       SLICE("other"),
};

bool s3_provider_is(const struct s3 *s, const char *name)
{
    return text_given(&s->provider) && slice_eq(s->provider.value, slice_of(name));
}

bool s3_is_foreign(const struct s3 *s)
{
    return text_given(&s->provider) && !slice_eq(s->provider.value, LIT("aws"));
}

/* One that is none of the list is judged as AWS: most that get this far are aws misspelt. */
static bool speaks_as_aws(const struct s3 *s)
{
    return text_empty(&s->provider) || s3_provider_is(s, "aws") || s->provider.state == FIELD_UNUSABLE;
}

void explain_provider(struct arena *a, struct findings *f, struct finding *x)
{
    struct buf b = buf_new(a, LIMIT_MESSAGE_BYTES);
    for (size_t i = 0; i < COUNT(providers); i++) {
        buf_put(&b, i ? LIT(", ") : (slice){0});
        buf_quote(&b, providers[i]);
    }
    x->rule = RULE_provider_unknown;
    x->message = arena_fmt(a, "%s: %.*s: supported values: %.*s", field_error_words(x->error),
                           FMT(node_value(a, x->node)), FMT(buf_slice(&b)));
    if (!x->suggested.n)
        finding_hint(f, x, "write aws for Amazon S3, other for a service that is not listed");
    else
        finding_hint(f, x, "did you mean %.*s?%s For a service that is not listed write other",
                     FMT(x->suggested), slice_eq_nocase(x->suggested, x->node->text) ? " Case matters." : "");
}

static void provider_empty(struct rule_run *run, const struct s3 *s, const struct job_spec *job)
{
    (void)job;
    if (s->provider.state != FIELD_GIVEN || s->provider.value.n)
        return;
    struct finding *x = FOUND(run, provider_empty, FIELD_REQUIRED, &s->provider,
                              "an empty provider is taken for aws, and the bucket's region is checked there");
    finding_hint(run->findings, x, "write aws, or the provider whose service it is");
}

static void s3_bucket(struct rule_run *run, const struct s3 *s, const struct job_spec *job)
{
    (void)job;
    if (!text_empty(&s->bucket))
        return;
    struct finding *x = rule_missing(run, RULE_s3_bucket, s->node, "bucket", &s->bucket, "%s", "");
    finding_hint(run->findings, x, "write the name of the bucket that takes the data");
}

static void aws_region(struct rule_run *run, const struct s3 *s, const struct job_spec *job)
{
    (void)job;
    if (!s3_provider_is(s, "aws") || !text_empty(&s->region) || !text_empty(&s->endpoint))
        return;
    struct finding *x = rule_wanting(run, RULE_aws_region, s->node, "region", &s->region,
                                     "without a region the bucket is looked for in us-east-1");
    finding_hint(run->findings, x, "write the region of the bucket");
}

/* ---- acl and storageClass: three ways ---- */

struct closed_set {
    const char *what; /* "ACL" */
    const slice *documented, *known;
    size_t documented_count, known_count; /* `known` to AWS besides */
    enum rule_id refused, undocumented;
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

static const struct closed_set acl_set = {
    "ACL", acls, more_acls, COUNT(acls), COUNT(more_acls), RULE_s3_acl_value, RULE_s3_acl_undocumented,
};
static const struct closed_set storage_class_set = {
    "storage class",
    storage_classes,
    more_storage_classes,
    COUNT(storage_classes),
    COUNT(more_storage_classes),
    RULE_s3_storageclass_value,
    RULE_s3_storageclass_undocumented,
};

static void judge_set(struct rule_run *run, const struct s3 *s, const struct text *field,
                      const struct closed_set *set)
{
    if (!text_given(field) || slice_among(field->value, set->documented, set->documented_count))
        return;
    bool known = slice_among(field->value, set->known, set->known_count);
    if (speaks_as_aws(s) && !known) {
        rule_unsupported(run, set->refused, field, set->documented, set->documented_count);
        return;
    }
    struct finding *x;
    slice value = node_value(run->arena, field->node);
    if (speaks_as_aws(s)) {
        x = finding_say(run->findings, set->undocumented, field->node,
                        "%.*s is not in the documents of TiDB, though AWS has this %s", FMT(value),
                        set->what);
        finding_hint(run->findings, x, "try it before you rely on it");
        return;
    }
    x = finding_say(run->findings, set->undocumented, field->node,
                    "%.*s is not among the documented values; whether it works is up to the provider",
                    FMT(value));
    slice near = suggest_nearest(field->value, set->documented, set->documented_count);
    if (near.n) {
        x->suggested = near;
        finding_hint(run->findings, x, "did you mean %.*s?%s", FMT(near),
                     slice_eq_nocase(near, field->value) ? " Case matters." : "");
    }
}

static void s3_acl_value(struct rule_run *run, const struct s3 *s, const struct job_spec *job)
{
    (void)job;
    judge_set(run, s, &s->acl, &acl_set);
}

static bool is_open(slice acl)
{
    return slice_starts(acl, LIT("public-read")) || slice_eq(acl, LIT("authenticated-read"));
}

static void s3_acl_public(struct rule_run *run, const struct s3 *s, const struct job_spec *job)
{
    (void)job;
    if (!text_given(&s->acl) || !slice_among(s->acl.value, acls, COUNT(acls)) || !is_open(s->acl.value))
        return;
    bool anybody = slice_starts(s->acl.value, LIT("public"));
    bool write = slice_ends(s->acl.value, LIT("-write"));
    struct finding *x =
        finding_say(run->findings, RULE_s3_acl_public, s->acl.node, "%.*s lets %s read%s the whole backup",
                    FMT(node_value(run->arena, s->acl.node)),
                    anybody ? "anybody on the internet" : "everybody who has an AWS account",
                    write ? " and overwrite" : "");
    finding_hint(run->findings, x, "omit acl: only the owner can read objects without one");
}

/* A value that no rule above reports. */
static bool has_closed_acl(const struct s3 *s)
{
    return text_given(&s->acl) && slice_among(s->acl.value, acls, COUNT(acls)) && !is_open(s->acl.value);
}

static void acl_unsupported_provider(struct rule_run *run, const struct s3 *s, const struct job_spec *job)
{
    (void)job;
    if (!has_closed_acl(s) || !s3_is_foreign(s))
        return;
    struct finding *x = finding_say(
        run->findings, RULE_acl_unsupported_provider, s->acl.node,
        "the ACL is sent with every object, and not every server of %.*s takes that", FMT(s->provider.value));
    x->at_key = true;
    x->note_node = s->provider.node;
    x->note = LIT("the provider is not aws");
    if (rule_field_is_unowned(run, s->acl.node))
        finding_hint(run->findings, x,
                     "no manifest sets acl, a default added it: remove it from the object with kubectl edit");
    else
        finding_hint(run->findings, x, "leave acl out, and set the rights on the bucket");
}

/* AWS disables the ACLs of a new bucket, unless its owner enables them: the bucket then accepts a single one. What
 * no manifest has, the policy's defaults have added on purpose. */
static void acl_disabled_bucket(struct rule_run *run, const struct s3 *s)
{
    if (!has_closed_acl(s) || !s3_provider_is(s, "aws") ||
        slice_eq(s->acl.value, LIT("bucket-owner-full-control")) || rule_field_is_unowned(run, s->acl.node))
        return;
    struct finding *x =
        finding_say(run->findings, RULE_acl_disabled_bucket, s->acl.node,
                    "BR sends the ACL with every object, and a bucket with ACLs disabled, as AWS "
                    "makes them since April 2023, refuses it");
    x->at_key = true;
    finding_hint(run->findings, x, "omit acl: only the owner can read objects without one");
}

static void s3_storageclass_value(struct rule_run *run, const struct s3 *s, const struct job_spec *job)
{
    (void)job;
    judge_set(run, s, &s->storage_class, &storage_class_set);
}

static void s3_storageclass_frozen(struct rule_run *run, const struct s3 *s, const struct job_spec *job)
{
    (void)job;
    static const slice frozen[] = {SLICE("GLACIER"), SLICE("DEEP_ARCHIVE")};
    if (!text_given(&s->storage_class) || !slice_among(s->storage_class.value, frozen, COUNT(frozen)))
        return;
    struct finding *x = finding_say(
        run->findings, RULE_s3_storageclass_frozen, s->storage_class.node,
        "objects in %.*s cannot be read before they are thawed, and BR reads its own metadata back",
        FMT(s->storage_class.value));
    finding_hint(run->findings, x,
                 "write STANDARD_IA, and move old backups with a lifecycle rule of the bucket");
}

static bool has_option(const struct job_spec *job, slice start)
{
    for (const struct node *n = node_first(job->br.options.node); n; n = node_next(n))
        if (n->kind == NODE_STRING && slice_starts(n->text, start))
            return true;
    return false;
}

static void s3_sse_value(struct rule_run *run, const struct s3 *s, const struct job_spec *job)
{
    static const slice kinds[] = {SLICE("AES256"), SLICE("aws:kms")};
    if (!text_given(&s->sse))
        return;
    if (!slice_among(s->sse.value, kinds, COUNT(kinds))) {
        rule_unsupported(run, RULE_s3_sse_value, &s->sse, kinds, COUNT(kinds));
        return;
    }
    if (slice_eq(s->sse.value, LIT("AES256")) || has_option(job, LIT("--s3.sse-kms-key-id")))
        return;
    struct finding *x = finding_say(
        run->findings, RULE_s3_sse_value, s->sse.node,
        "aws:kms without a key takes the account's default key, which no other account can read with");
    finding_hint(run->findings, x, "add --s3.sse-kms-key-id=<key> to br.options");
}

typedef void s3_rule(struct rule_run *run, const struct s3 *s, const struct job_spec *job);

static s3_rule *const rules[] = {
    provider_empty,
    s3_bucket,
    aws_region,
    s3_acl_value,
    s3_acl_public,
    acl_unsupported_provider,
    s3_storageclass_value,
    s3_storageclass_frozen,
    s3_sse_value,
};

void judge_s3(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    if (job->storage.used != STORAGE_S3)
        return;
    for (size_t i = 0; i < COUNT(rules); i++)
        rules[i](run, &job->storage.s3, job);
    if (!spec_is_dumpling(run, spec))
        acl_disabled_bucket(run, &job->storage.s3);
}
