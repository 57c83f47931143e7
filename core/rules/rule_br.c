/* How BR and its Job are set up: cluster, image, environment, numbers. */
#include "checks.h"

#include "ascii.h"
#include "image_name.h"
#include "kube_name.h"

#include <string.h>

#define SUBJECT struct job_spec
#define RULES   "rule_br.def"
#include "rule_table.h"

static void clusterns_redundant(struct rule_run *run, const struct job_spec *job)
{
    const struct text *there = &job->br.cluster_namespace, *here = &run->object->metadata.namespace;
    if (!text_given(there) || !text_given(here) || !slice_eq(there->value, here->value))
        return;
    struct finding *x = finding_at(run->findings, &rule_clusterns_redundant, FIELD_NONE,
                                   at_value(there->node), "this is the object's own namespace");
    finding_hint(x, "it can be omitted");
}

static void clusterns_v2(struct rule_run *run, const struct job_spec *job)
{
    const struct text *there = &job->br.cluster_namespace, *here = &run->object->metadata.namespace;
    if (run->object->group != GROUP_BR || !text_given(there) || !text_given(here) ||
        slice_eq(there->value, here->value))
        return;
    struct finding *x = finding_at(run->findings, &rule_clusterns_v2, FIELD_INVALID, at_value(there->node),
                                   "%.*s: must be the object's own namespace, %.*s",
                                   FMT(node_value(run->arena, there->node)), FMT(here->value));
    finding_note(x, at_key(here->node), "the object's namespace");
    finding_hint(x, "create the object in %.*s and omit clusterNamespace", FMT(there->value));
}

/* AKIAIOSFODNN7EXAMPLE: AWS's form of a key's ID. */
static bool is_access_key(slice s)
{
    bool key = s.n >= 16 && (slice_starts(s, LIT("AKIA")) || slice_starts(s, LIT("ASIA")));
    for (size_t i = 0; i < s.n; i++)
        key = key && (ascii_is_digit(s.p[i]) || (s.p[i] >= 'A' && s.p[i] <= 'Z'));
    return key;
}

/* `tidb/s3-secret`, `system:serviceaccount:tidb:backup`: a name after its namespace. */
static slice without_namespace(slice s)
{
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == '/' || s.p[i - 1] == ':')
            return slice_from(s, i);
    return s;
}

static void check_name(struct rule_run *run, const struct text *t, bool (*check)(slice, struct refusal *))
{
    if (!t || !text_given(t) || check(t->value, NULL))
        return;
    struct refusal why = {0};
    check(t->value, &why);
    struct finding *x = rule_refused(run, &rule_referenced_name, t, &why);
    slice name = without_namespace(t->value);
    if (is_access_key(t->value)) {
        finding_edit(x, at_value(t->node), (slice){0});
        finding_hint(x, "put the key in a Secret, and write the Secret's name");
    } else if (name.n < t->value.n && check(name, NULL)) {
        finding_edit(x, at_value(t->node), name);
        finding_hint(x, "write %.*s, without its namespace", FMT(name));
    }
}

static void referenced_name(struct rule_run *run, const struct job_spec *job)
{
    check_name(run, &job->br.cluster, kube_subdomain);
    check_name(run, &job->br.cluster_namespace, kube_label);
    check_name(run, storage_secret_name(&job->storage), kube_subdomain);
    check_name(run, &job->service_account, kube_subdomain);
    check_name(run, &job->priority_class_name, kube_subdomain);
}

static void log_level(struct rule_run *run, const struct job_spec *job)
{
    static const slice levels[] = {SLICE("debug"), SLICE("info"), SLICE("warn"), SLICE("error"),
                                   SLICE("fatal")};
    const struct text *level = &job->br.log_level;
    bool known = !text_given(level) || slice_eq_nocase(level->value, LIT("panic")) ||
                 slice_eq_nocase(level->value, LIT("dpanic")); /* which only programs use */
    for (size_t i = 0; i < COUNT(levels); i++)
        known = known || slice_eq_nocase(level->value, levels[i]);
    if (!known)
        rule_unsupported(run, &rule_log_level, level, levels, COUNT(levels));
}

void check_not_negative(struct rule_run *run, const struct number *n)
{
    if (n->state == FIELD_GIVEN && n->value < 0)
        finding_at(run->findings, &rule_negative_numbers, FIELD_INVALID, at_value(n->node),
                   "%lld: must be greater than or equal to 0", (long long)n->value);
}

static void negative_numbers(struct rule_run *run, const struct job_spec *job)
{
    check_not_negative(run, &job->br.concurrency);
    check_not_negative(run, &job->br.rate_limit);
}

/* The image's name behind the registry and its path, with tag and digest. */
static slice last_component(slice image)
{
    for (size_t slash; (slash = slice_find_char(image, '/')) != SLICE_NONE;)
        image = slice_from(image, slash + 1);
    return image;
}

static void toolimage_syntax(struct rule_run *run, const struct job_spec *job)
{
    const struct text *t = &job->tool_image;
    struct refusal why = {0};
    if (text_given(t) && !text_is_placeholder(t->value) && !image_name(t->value, &why))
        rule_refused(run, &rule_toolimage_syntax, t, &why);
}

static void toolimage_tag(struct rule_run *run, const struct job_spec *job)
{
    const struct text *t = &job->tool_image;
    if (!text_given(t))
        return;
    slice name = last_component(t->value);
    bool tagged = slice_find_char(name, ':') != SLICE_NONE;
    struct finding *x = NULL;
    if (job->br.node && slice_find(name, LIT("dumpling")) != SLICE_NONE) {
        x = finding_at(run->findings, &rule_toolimage_tag, FIELD_NONE, at_value(t->node),
                       "br is set, but this is a Dumpling image");
        finding_hint(x, "write pingcap/br, or omit toolImage");
    } else if (slice_ends(name, LIT(":latest"))) {
        x = finding_at(run->findings, &rule_toolimage_tag, FIELD_NONE,
                       at_part(t->node, t->value.n - 6, t->value.n),
                       "latest can change at any time and may not match the cluster");
        finding_hint(x, "write the cluster's version, or omit the tag");
    } else if (!tagged && slice_find_char(t->value, ':') != SLICE_NONE) {
        x = finding_at(run->findings, &rule_toolimage_tag, FIELD_NONE, at_value(t->node),
                       "the image has no tag: after a registry with a port the operator appends none, so "
                       "latest is used");
        finding_hint(x, "append the cluster's version: %.*s:v8.5.0", FMT(t->value));
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
    for (size_t i = 0; i < COUNT(built_ins); i++)
        if (built_ins[i].storage == storage->used && (has_secret || !built_ins[i].secret) &&
            slice_eq(built_ins[i].name, name))
            return &built_ins[i];
    return NULL;
}

static void env_reserved(struct rule_run *run, const struct job_spec *job)
{
    for (const struct node *v = node_first(job->env.node); v; v = node_next(v)) {
        const struct node *name = node_get(v, LIT("name"));
        const struct built_in *found =
            name && name->kind == NODE_STRING ? find_built_in(&job->storage, name->text) : NULL;
        if (!found)
            continue;
        struct finding *x =
            finding_at(run->findings, &rule_env_reserved, FIELD_NONE, at_value(name),
                       "%.*s overrides the value that the operator takes from %s", FMT(name->text),
                       found->secret ? "the secret" : storage_type_name(found->storage));
        if (found->secret)
            finding_hint(x, "remove the variable, or omit secretName");
        else
            finding_hint(x, "remove the variable, and set the field of %s",
                         storage_type_name(found->storage));
    }
}

static bool ends_with_any(slice s, const slice *ends, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_ends(s, ends[i]))
            return true;
    return false;
}

/* By the name, as AZURE_STORAGE_KEY; or a token that Azure has signed, whatever the variable is called. */
static bool holds_a_key(slice name, slice value)
{
    static const slice ends[] = {
        SLICE("SECRET_ACCESS_KEY"), SLICE("SECRET_KEY"),  SLICE("STORAGE_KEY"),
        SLICE("ACCOUNT_KEY"),       SLICE("JSON_KEY"),    SLICE("CLIENT_SECRET"),
        SLICE("PASSWORD"),          SLICE("PASSWD"),      SLICE("SESSION_TOKEN"),
        SLICE("SAS_TOKEN"),         SLICE("AUTH_TOKEN"),  SLICE("ACCESS_TOKEN"),
        SLICE("CONNECTION_STRING"), SLICE("PRIVATE_KEY"), SLICE("_TOKEN"),
        SLICE("API_KEY"),           SLICE("APIKEY"),
    };
    return ends_with_any(name, ends, COUNT(ends)) ||
           (slice_find(value, LIT("sv=")) != SLICE_NONE && slice_find(value, LIT("sig=")) != SLICE_NONE);
}

/* "http://user:password@proxy:3128"; of a proxy also without the scheme, which its readers add. */
static bool url_has_password(slice name, slice value)
{
    static const slice proxies[] = {SLICE("HTTP_PROXY"), SLICE("HTTPS_PROXY"), SLICE("ALL_PROXY"),
                                    SLICE("http_proxy"), SLICE("https_proxy"), SLICE("all_proxy")};
    size_t scheme = slice_find(value, LIT("://"));
    if (scheme == SLICE_NONE && !ends_with_any(name, proxies, COUNT(proxies)))
        return false;
    slice host = slice_from(value, scheme == SLICE_NONE ? 0 : scheme + 3);
    size_t end = 0, at = SLICE_NONE, colon = SLICE_NONE;
    for (; end < host.n && !strchr("/?#", host.p[end]); end++) {
        if (host.p[end] == '@')
            at = end;
        else if (host.p[end] == ':' && colon == SLICE_NONE)
            colon = end;
    }
    return at != SLICE_NONE && colon != SLICE_NONE && colon + 1 < at;
}

/* "$(KEY)" takes another variable's value, "${KEY}" and the like are filled in later. */
static bool stands_for_another(slice value)
{
    return slice_find(value, LIT("$(")) != SLICE_NONE || slice_find(value, LIT("${")) != SLICE_NONE ||
           slice_find(value, LIT("{{")) != SLICE_NONE || value.p[0] == '<';
}

static void env_secret(struct rule_run *run, const struct job_spec *job)
{
    for (const struct node *v = node_first(job->env.node); v; v = node_next(v)) {
        const struct node *name = node_get(v, LIT("name")), *value = node_get(v, LIT("value"));
        if (!value_is_text(name) || !value_is_text(value) || !value->text.n ||
            stands_for_another(value->text) || findings_full(run->findings, &rule_env_secret))
            continue;
        bool key = holds_a_key(name->text, value->text);
        if (!key && !url_has_password(name->text, value->text))
            continue;
        struct finding *x = finding_at(run->findings, &rule_env_secret, FIELD_NONE, at_key(value),
                                       "%s%.*s is in plain text here and in the Job",
                                       key ? "" : "the password in ", FMT(name->text));
        finding_note(x, at_value(name), "the variable");
        finding_hint(x, "put it in a Secret, and write valueFrom with secretKeyRef");
    }
}

static void usekms_nonaws(struct rule_run *run, const struct job_spec *job)
{
    const struct text *provider = &job->storage.s3.provider;
    bool s3 = job->storage.used == STORAGE_S3;
    if (job->use_kms.state != FIELD_GIVEN || !job->use_kms.value || job->storage.used == STORAGE_NONE ||
        (s3 && (!text_given(provider) || slice_eq(provider->value, LIT("aws")))))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_usekms_nonaws, FIELD_NONE, at_key(job->use_kms.node),
                   "useKMS decrypts Secrets with AWS KMS, but the storage is %.*s",
                   FMT(s3 ? provider->value : slice_of(storage_type_name(job->storage.used))));
    finding_hint(x, "omit it");
}

void check_br(struct rule_run *run, const struct job_spec *job)
{
    run_checks(run, job);
}
