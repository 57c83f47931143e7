/* How BR and its Job are set up: cluster, image, environment, numbers and extra flags. */
#include "rule_backup.h"

#include "kube_name.h"

enum { MOST_THREADS = 256 }; /* BR caps a backup's concurrency [tidb: br/pkg/task/backup.go] */

/* ---- of every job ---- */

static void cluster_namespace(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    (void)spec;
    const struct text *there = &job->br.cluster_namespace, *here = &run->object->metadata.namespace;
    if (!text_given(there) || !text_given(here))
        return;
    if (slice_eq(there->value, here->value)) {
        struct finding *x = finding_say(run->findings, RULE_clusterns_redundant, there->node,
                                        "this is the object's own namespace");
        finding_hint(run->findings, x, "it may be left out");
    } else if (run->object->group == GROUP_BR) {
        struct finding *x =
            FOUND(run, clusterns_v2, FIELD_INVALID, there, "%.*s: must be the object's own namespace, %.*s",
                  FMT(node_value(run->arena, there->node)), FMT(here->value));
        x->note_node = here->node;
        x->note = LIT("the object's namespace");
        finding_hint(run->findings, x, "create the object in %.*s and leave clusterNamespace out",
                     FMT(there->value));
    }
}

static void judge_name(struct rule_run *run, const struct text *t, bool (*check)(slice, struct refusal *))
{
    struct refusal why = {0};
    if (t && text_given(t) && !check(t->value, &why))
        rule_refused(run, RULE_referenced_name, t, &why);
}

static void referenced_names(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    (void)spec;
    judge_name(run, &job->br.cluster, kube_subdomain);
    judge_name(run, &job->br.cluster_namespace, kube_label);
    judge_name(run, storage_secret_name(&job->storage), kube_subdomain);
    judge_name(run, &job->service_account, kube_subdomain);
    judge_name(run, &job->priority_class_name, kube_subdomain);
}

void judge_not_negative(struct rule_run *run, const struct number *n)
{
    if (n->state == FIELD_GIVEN && n->value < 0)
        FOUND(run, negative_numbers, FIELD_INVALID, n, "%lld: must be greater than or equal to 0",
              (long long)n->value);
}

static void negative_numbers(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    (void)spec;
    judge_not_negative(run, &job->br.concurrency);
    judge_not_negative(run, &job->br.rate_limit);
}

/* The image's name behind the registry and its path, with tag and digest. */
static slice image_name(slice image)
{
    for (size_t slash; (slash = slice_find_char(image, '/')) != SLICE_NONE;)
        image = slice_from(image, slash + 1);
    return image;
}

static void tool_image(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    (void)spec;
    const struct text *t = &job->tool_image;
    if (!text_given(t))
        return;
    slice name = image_name(t->value);
    bool tagged = slice_find_char(name, ':') != SLICE_NONE;
    struct finding *x = NULL;
    if (job->br.node && slice_find(name, LIT("dumpling")) != SLICE_NONE) {
        x = finding_say(run->findings, RULE_toolimage_tag, t->node,
                        "br is set, and this is an image of Dumpling");
        finding_hint(run->findings, x, "write pingcap/br, or leave toolImage out");
    } else if (slice_ends(name, LIT(":latest"))) {
        x = finding_say(run->findings, RULE_toolimage_tag, t->node,
                        "the tag latest is another BR tomorrow, and need not fit the cluster");
        finding_hint(run->findings, x, "name the cluster's version, or leave the tag out");
        x->from = (uint32_t)(t->value.n - 6);
        x->to = (uint32_t)t->value.n;
    } else if (!tagged && slice_find_char(t->value, ':') != SLICE_NONE) {
        x = finding_say(run->findings, RULE_toolimage_tag, t->node,
                        "the image has no tag: behind a registry with a port the operator appends none, and "
                        "it is latest");
        finding_hint(run->findings, x, "append the cluster's version: %.*s:v8.5.0", FMT(t->value));
    }
}

/* The variables that the operator sets for a storage, and those that it takes from the secret. */
struct built_in {
    enum storage_type storage;
    bool secret;
    slice name;
};

static const struct built_in built_ins[] = {
    {STORAGE_S3, false, SLICE("S3_PROVIDER")},
    {STORAGE_S3, false, SLICE("S3_ENDPOINT")},
    {STORAGE_S3, false, SLICE("AWS_REGION")},
    {STORAGE_S3, false, SLICE("AWS_ACL")},
    {STORAGE_S3, false, SLICE("AWS_STORAGE_CLASS")},
    {STORAGE_S3, true, SLICE("AWS_ACCESS_KEY_ID")},
    {STORAGE_S3, true, SLICE("AWS_SECRET_ACCESS_KEY")},
    {STORAGE_GCS, false, SLICE("GCS_PROJECT_ID")},
    {STORAGE_GCS, false, SLICE("GCS_OBJECT_ACL")},
    {STORAGE_GCS, false, SLICE("GCS_BUCKET_ACL")},
    {STORAGE_GCS, false, SLICE("GCS_LOCATION")},
    {STORAGE_GCS, false, SLICE("GCS_STORAGE_CLASS")},
    {STORAGE_GCS, true, SLICE("GCS_SERVICE_ACCOUNT_JSON_KEY")},
    {STORAGE_GCS, true, SLICE("GOOGLE_APPLICATION_CREDENTIALS")},
    {STORAGE_AZBLOB, false, SLICE("AZURE_ACCESS_TIER")},
    {STORAGE_AZBLOB, true, SLICE("AZURE_STORAGE_ACCOUNT")},
    {STORAGE_AZBLOB, true, SLICE("AZURE_STORAGE_KEY")},
    {STORAGE_AZBLOB, true, SLICE("AZURE_CLIENT_ID")},
    {STORAGE_AZBLOB, true, SLICE("AZURE_CLIENT_SECRET")},
    {STORAGE_AZBLOB, true, SLICE("AZURE_TENANT_ID")},
};

static const struct built_in *find_built_in(const struct storage *storage, slice name)
{
    const struct text *secret = storage_secret_name(storage);
    bool has_secret = secret && text_given(secret);
    for (size_t i = 0; i < sizeof built_ins / sizeof *built_ins; i++)
        if (built_ins[i].storage == storage->used && (has_secret || !built_ins[i].secret) &&
            slice_eq(built_ins[i].name, name))
            return &built_ins[i];
    return NULL;
}

static void env_reserved(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    (void)spec;
    for (const struct node *v = node_first(job->env.node); v; v = node_next(v)) {
        const struct node *name = node_get(v, LIT("name"));
        const struct built_in *found =
            name && name->kind == NODE_STRING ? find_built_in(&job->storage, name->text) : NULL;
        if (!found)
            continue;
        struct finding *x = finding_say(run->findings, RULE_env_reserved, name,
                                        "%.*s overrides what the operator takes from %s", FMT(name->text),
                                        found->secret ? "the secret" : storage_type_name(found->storage));
        if (found->secret)
            finding_hint(run->findings, x, "remove it, or leave secretName out");
        else
            finding_hint(run->findings, x, "remove it, and set the field of %s",
                         storage_type_name(found->storage));
    }
}

static void use_kms(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    (void)spec;
    const struct text *provider = &job->storage.s3.provider;
    bool s3 = job->storage.used == STORAGE_S3;
    if (job->use_kms.state != FIELD_GIVEN || !job->use_kms.value || job->storage.used == STORAGE_NONE ||
        (s3 && (!text_given(provider) || slice_eq(provider->value, LIT("aws")))))
        return;
    struct finding *x =
        finding_say(run->findings, RULE_usekms_nonaws, job->use_kms.node,
                    "useKMS decrypts secrets with AWS KMS, and the storage is %.*s",
                    FMT(s3 ? provider->value : slice_of(storage_type_name(job->storage.used))));
    x->at_key = true;
    finding_hint(run->findings, x, "leave it out");
}

static job_rule *const rules[] = {cluster_namespace, referenced_names, negative_numbers,
                                  tool_image,        env_reserved,     use_kms};

void judge_br(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        rules[i](run, job, spec);
}

/* ---- of backups ---- */

struct managed_flag {
    slice flag;
    const char *field; /* of the spec, that sets it */
    bool always;       /* the operator gives the flag in any case, or the field is its place */
};

static const struct managed_flag managed[] = {
    {SLICE("--pd"), "br.cluster", true},
    {SLICE("-u"), "br.cluster", true},
    {SLICE("--ca"), "br.cluster", true},
    {SLICE("--cert"), "br.cluster", true},
    {SLICE("--key"), "br.cluster", true},
    {SLICE("--storage"), "the storage block", true},
    {SLICE("-s"), "the storage block", true},
    {SLICE("--s3.provider"), "s3.provider", true},
    {SLICE("--s3.region"), "s3.region", true},
    {SLICE("--s3.endpoint"), "s3.endpoint", true},
    {SLICE("--s3.acl"), "s3.acl", true},
    {SLICE("--s3.sse"), "s3.sse", true},
    {SLICE("--s3.storage-class"), "s3.storageClass", true},
    {SLICE("--gcs.storage-class"), "gcs.storageClass", true},
    {SLICE("--gcs.predefined-acl"), "gcs.objectAcl", true},
    {SLICE("--filter"), "tableFilter", true},
    {SLICE("-f"), "tableFilter", true},
    {SLICE("--db"), "br.db", true},
    {SLICE("--table"), "br.table", true},
    {SLICE("--start-ts"), "commitTs", true},
    {SLICE("--until"), "logTruncateUntil", true},
    {SLICE("--backupts"), "commitTs", false},
    {SLICE("--log-level"), "br.logLevel", false},
    {SLICE("--status-addr"), "br.statusAddr", false},
    {SLICE("--send-credentials-to-tikv"), "br.sendCredToTikv", false},
    {SLICE("--concurrency"), "br.concurrency", false},
    {SLICE("--ratelimit"), "br.rateLimit", false},
    {SLICE("--timeago"), "br.timeAgo", false},
    {SLICE("--checksum"), "br.checksum", false},
    {SLICE("--check-requirements"), "br.checkRequirements", false},
};

static void managed_option(struct rule_run *run, const struct backup_spec *spec, const struct node *option,
                           slice flag)
{
    for (size_t i = 0; i < sizeof managed / sizeof *managed; i++) {
        const struct managed_flag *m = &managed[i];
        const struct node *field = node_at(spec->node, m->field);
        if (!slice_eq(flag, m->flag) || !(m->always || field))
            continue;
        struct finding *x =
            finding_say(run->findings, RULE_options_conflict, option,
                        "%.*s silently overrides what the operator makes of %s", FMT(flag), m->field);
        x->from = 0;
        x->to = (uint32_t)flag.n;
        if (field) {
            x->note_node = field;
            x->note = LIT("set here");
        }
        finding_hint(run->findings, x, "set %s instead", m->field);
    }
}

static void one_option(struct rule_run *run, const struct backup_spec *spec, const struct node *option,
                       bool may_be_value)
{
    slice text = option->text;
    size_t blank = slice_find_char(text, ' '), equals = slice_find_char(text, '=');
    slice flag = slice_cut(text, 0, equals < blank ? equals : blank);
    if (text.n == 0 || text.p[0] != '-') {
        if (may_be_value)
            return;
        struct finding *x = finding_say(run->findings, RULE_options_conflict, option,
                                        "%.*s does not begin with --: br takes it for a subcommand",
                                        FMT(node_value(run->arena, option)));
        finding_hint(run->findings, x, "write one flag an element, as --flag=value");
    } else if (blank < equals) {
        struct finding *x =
            finding_say(run->findings, RULE_options_conflict, option,
                        "%.*s holds a blank: each element is one argument, this flag does not exist",
                        FMT(node_value(run->arena, option)));
        x->from = (uint32_t)blank;
        x->to = (uint32_t)blank + 1;
        x->suggested =
            arena_fmt(run->arena, "%.*s=%.*s", FMT(flag), FMT(slice_trim(slice_from(text, blank))));
        finding_hint(run->findings, x, "write %.*s", FMT(x->suggested));
    } else {
        managed_option(run, spec, option, flag);
    }
}

static bool is_number(slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

static void last_backup_ts(struct rule_run *run, const struct backup_spec *spec, const struct node *option)
{
    static const slice flag = SLICE("--lastbackupts");
    if (!slice_starts(option->text, flag))
        return;
    slice value = slice_from(option->text, flag.n + 1);
    bool separate = option->text.n == flag.n;
    struct finding *x = NULL;
    if (spec->is_log) {
        x = finding_say(run->findings, RULE_lastbackupts, option,
                        "br log does not know --lastbackupts: every command of the log backup fails");
        finding_hint(run->findings, x, "remove it");
    } else if (spec->role != ROLE_BACKUP) {
        x = finding_say(run->findings, RULE_lastbackupts, option,
                        "every run of the schedule increments from the same backup, however old");
        finding_hint(run->findings, x, "remove it, and add a logBackupTemplate for what changes in between");
    } else if (!separate && !is_number(value)) {
        x = finding_say(run->findings, RULE_lastbackupts, option,
                        "%.*s is not a TSO, and BR takes no other form", FMT(value));
        x->from = (uint32_t)flag.n + 1;
        x->to = (uint32_t)option->text.n;
        finding_hint(run->findings, x, "copy status.commitTs of the last backup");
    }
}

static void options(struct rule_run *run, const struct backup_spec *spec)
{
    bool open = false; /* the element before is a flag without its value */
    for (const struct node *n = node_first(spec->job.br.options.node); n; n = node_next(n)) {
        if (n->kind != NODE_STRING || n->flags & (NODE_BAD | NODE_PLACEHOLDER)) {
            open = false;
            continue;
        }
        one_option(run, spec, n, open);
        last_backup_ts(run, spec, n);
        open = slice_starts(n->text, LIT("-")) && slice_find_char(n->text, '=') == SLICE_NONE &&
               slice_find_char(n->text, ' ') == SLICE_NONE;
    }
}

static void concurrency_range(struct rule_run *run, const struct backup_spec *spec)
{
    const struct number *c = &spec->job.br.concurrency, *rate = &spec->job.br.rate_limit;
    struct finding *x = NULL;
    if (!spec->is_snapshot || c->state != FIELD_GIVEN || c->value < 0)
        return;
    if (c->value == 0 || c->value > MOST_THREADS) {
        x = FOUND(run, concurrency_range, FIELD_INVALID, c, "%lld: must be between 1 and %d",
                  (long long)c->value, MOST_THREADS);
        finding_hint(run->findings, x, c->value ? "BR uses 256 at most" : "leave it out for the default, 4");
    } else if (c->value > 1 && rate->state == FIELD_GIVEN && rate->value > 0) {
        x = finding_say(run->findings, RULE_concurrency_range, c->node,
                        "with rateLimit BR works with one thread, whatever concurrency says");
        x->at_key = true;
        x->note_node = rate->node;
        x->note = LIT("the limit is set here");
        finding_hint(run->findings, x, "leave concurrency out");
    }
}

void judge_br_options(struct rule_run *run, const struct backup_spec *spec)
{
    options(run, spec);
    concurrency_range(run, spec);
}
