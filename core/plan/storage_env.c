/* Builds the environment variables for access to the storage. */
#include "job.h"

#include "base64.h"

enum { MOST_KEYS = 3 };

static struct job_problem problem(const struct planning *p, slice reason, slice message)
{
    const char *what = p->object->kind == KIND_COMPACT_BACKUP ? "compact" : "backup";
    return (struct job_problem){reason, arena_fmt(p->arena, "%s %.*s/%.*s, %.*s", what,
                                                  FMT(plan_namespace(p)), FMT(plan_name(p)), FMT(message))};
}

static bool has_key(const struct node *secret, const char *key)
{
    return node_get(node_get(secret, LIT("data")), slice_of(key)) ||
           node_get(node_get(secret, LIT("stringData")), slice_of(key));
}

/* The names of those keys that the Secret lacks, separated by commas. */
static slice missing_keys(const struct planning *p, const struct node *secret, const char *const *keys)
{
    struct buf b = buf_new(p->arena, SIZE_MAX);
    for (size_t i = 0; i < MOST_KEYS && keys[i]; i++)
        if (!has_key(secret, keys[i]))
            buf_fmt(&b, b.n ? ",%s" : "%s", keys[i]);
    return buf_slice(&b);
}

struct secret_wish {
    const char *what, *missing_text; /* "s3", "s3 secret" */
    slice absent_reason, keys_reason;
    const char *keys[MOST_KEYS];
};

/* The Secret with all its keys. The operator calls both faults by a condition's reason. */
static struct job_problem find_secret(const struct planning *p, slice name, const struct secret_wish *w,
                                      const struct node **ret)
{
    slice namespace = plan_namespace(p);
    *ret = NULL;
    if (p->seen->unknown & UNKNOWN_SECRETS)
        return problem(p, w->absent_reason,
                       arena_fmt(p->arena, "secret %.*s/%.*s could not be read", FMT(namespace), FMT(name)));
    *ret = seen_find(p, "Secret", namespace, name);
    if (!*ret)
        return problem(p, w->absent_reason,
                       arena_fmt(p->arena, "get %s secret %.*s/%.*s failed, err: %secret \"%.*s\" not found",
                                 w->what, FMT(namespace), FMT(name), plan_v2(p) ? "S" : "s", FMT(name)));
    slice missing = missing_keys(p, *ret, w->keys);
    if (missing.n)
        return problem(p, w->keys_reason,
                       arena_fmt(p->arena, "%s %.*s/%.*s missing some keys %.*s", w->missing_text,
                                 FMT(namespace), FMT(name), FMT(missing)));
    return (struct job_problem){0};
}

/* ---- S3 ---- */

static struct job_problem s3_env(const struct planning *p, struct job *j, const struct job_spec *spec)
{
    static const struct secret_wish wish = {
        "s3", "s3 secret", SLICE("GetS3SecretFailed"), SLICE("s3KeyNotExist"), {"access_key", "secret_key"}};
    const struct s3 *s3 = &spec->storage.s3;
    const struct node *secret;
    if (text_given(&s3->secret_name)) {
        struct job_problem missing = find_secret(p, s3->secret_name.value, &wish, &secret);
        if (missing.reason.n)
            return missing;
    }
    slice provider = s3->provider.value, endpoint = s3->endpoint.value;
    bool ceph = slice_eq(provider, LIT("ceph")), aws = slice_eq(provider, LIT("aws"));
    if (ceph && slice_find(endpoint, LIT("://")) == SLICE_NONE)
        endpoint = arena_fmt(p->arena, "http://%.*s", FMT(endpoint));
    if (ceph && !slice_starts(endpoint, LIT("http://")))
        return problem(p, LIT("InvalidS3Endpoint"),
                       arena_fmt(p->arena, "ceph endpoint URI %.*s must start with http://", FMT(endpoint)));
    job_env(p, j, "S3_PROVIDER", provider);
    job_env(p, j, "S3_ENDPOINT", endpoint);
    job_env(p, j, "AWS_REGION", s3->region.value);
    job_env(p, j, "AWS_ACL", aws && !s3->acl.value.n ? LIT("private") : s3->acl.value);
    job_env(p, j, "AWS_STORAGE_CLASS",
            aws && !s3->storage_class.value.n ? LIT("STANDARD_IA") : s3->storage_class.value);
    if (spec->use_kms.value)
        job_env(p, j, "AWS_DEFAULT_REGION", s3->region.value);
    if (text_given(&s3->secret_name)) {
        job_env_secret(p, j, "AWS_ACCESS_KEY_ID", s3->secret_name.value, "access_key");
        job_env_secret(p, j, "AWS_SECRET_ACCESS_KEY", s3->secret_name.value, "secret_key");
    }
    return (struct job_problem){0};
}

/* ---- GCS ---- */

static struct job_problem gcs_env(const struct planning *p, struct job *j, const struct job_spec *spec)
{
    static const struct secret_wish wish = {
        "gcs", "the gcs secret", SLICE("GetGcsSecretFailed"), SLICE("gcsKeyNotExist"), {"credentials"}};
    const struct gcs *gcs = &spec->storage.gcs;
    slice secret_name = gcs->secret_name.value;
    const struct node *secret;
    if (text_given(&gcs->secret_name)) {
        struct job_problem missing = find_secret(p, secret_name, &wish, &secret);
        if (missing.reason.n)
            return missing;
    }
    if (!gcs->project_id.value.n)
        return problem(p, LIT("ProjectIdIsEmpty"), LIT("the project id is not set"));
    job_env(p, j, "GCS_PROJECT_ID", gcs->project_id.value);
    job_env(p, j, "GCS_OBJECT_ACL", gcs->object_acl.value);
    job_env(p, j, "GCS_BUCKET_ACL", gcs->bucket_acl.value);
    job_env(p, j, "GCS_LOCATION", gcs->location.value);
    job_env(p, j, "GCS_STORAGE_CLASS", gcs->storage_class.value);
    if (!text_given(&gcs->secret_name))
        return (struct job_problem){0};
    job_env_secret(p, j, "GCS_SERVICE_ACCOUNT_JSON_KEY", secret_name, "credentials");
    if (plan_v2(p)) {
        job_env(p, j, "GOOGLE_APPLICATION_CREDENTIALS", LIT("/gcs/credentials"));
        struct arena *a = p->arena;
        struct node *volume = tree_put_object(a, j->volumes, NULL);
        tree_put_text(a, volume, "name", LIT("credentials"));
        tree_put_text(a, tree_put_object(a, volume, "secret"), "secretName", secret_name);
        struct node *mount = tree_put_object(a, j->mounts, NULL);
        tree_put_text(a, mount, "name", LIT("credentials"));
        tree_put_text(a, mount, "mountPath", LIT("/gcs"));
    }
    return (struct job_problem){0};
}

/* ---- Azure ---- */

static slice secret_value(const struct planning *p, const struct node *secret, const char *key)
{
    slice plain = tree_text(node_get(secret, LIT("stringData")), key), decoded;
    if (plain.n)
        return plain;
    slice encoded = tree_text(node_get(secret, LIT("data")), key);
    return base64_decode(p->arena, encoded, &decoded) ? decoded : (slice){0};
}

/* With the operator both faults below are a nil dereference; a signature needs no Secret. */
static struct job_problem azblob_account(const struct planning *p, const struct azblob *az,
                                         const struct node *secret, slice *ret)
{
    *ret = text_given(&az->storage_account) ? az->storage_account.value
                                            : secret_value(p, secret, "AZURE_STORAGE_ACCOUNT");
    if (ret->n)
        return (struct job_problem){0};
    slice where = secret ? arena_fmt(p->arena, "secret %.*s/%.*s has no AZURE_STORAGE_ACCOUNT",
                                     FMT(plan_namespace(p)), FMT(az->secret_name.value))
                         : LIT("there is no secretName");
    return problem(p, LIT("azblobAccountNotExist"),
                   arena_fmt(p->arena, "the storage account is not known: storageAccount is not set and %.*s",
                             FMT(where)));
}

static struct job_problem azblob_env(const struct planning *p, struct job *j, const struct job_spec *spec)
{
    static const struct secret_wish wish = {
        "azblob", "secret", SLICE("GetAzblobSecretFailed"), SLICE("azblobKeyOrAADMissing"), {0}};
    static const char *const aad[] = {"AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"};
    const struct azblob *az = &spec->storage.azblob;
    slice name = az->secret_name.value, account;
    const struct node *secret = NULL;
    struct job_problem missing = {0};
    if (text_given(&az->secret_name))
        missing = find_secret(p, name, &wish, &secret);
    if (!missing.reason.n)
        missing = azblob_account(p, az, secret, &account);
    if (missing.reason.n)
        return missing;
    job_env(p, j, "AZURE_ACCESS_TIER", text_given(&az->access_tier) ? az->access_tier.value : LIT("Cool"));
    job_env(p, j, "AZURE_STORAGE_ACCOUNT", account);
    if (text_given(&az->sas_token))
        return missing;
    if (secret && !missing_keys(p, secret, aad).n) {
        for (size_t i = 0; i < MOST_KEYS; i++)
            job_env_secret(p, j, aad[i], name, aad[i]);
        return missing;
    }
    if (secret && has_key(secret, "AZURE_STORAGE_KEY")) {
        job_env_secret(p, j, "AZURE_STORAGE_KEY", name, "AZURE_STORAGE_KEY");
        return missing;
    }
    if (!secret)
        return problem(p, wish.keys_reason, LIT("neither secretName nor sasToken is set"));
    return problem(
        p, wish.keys_reason,
        arena_fmt(p->arena, "secret %.*s/%.*s missing some keys", FMT(plan_namespace(p)), FMT(name)));
}

struct job_problem job_env_storage(const struct planning *p, struct job *j, const struct job_spec *spec)
{
    switch (spec->storage.used) {
    case STORAGE_S3:
        return s3_env(p, j, spec);
    case STORAGE_GCS:
        return gcs_env(p, j, spec);
    case STORAGE_AZBLOB:
        return azblob_env(p, j, spec);
    case STORAGE_LOCAL:
        return (struct job_problem){0};
    case STORAGE_NONE:
        break;
    }
    return problem(p, LIT("UnsupportedStorageType"), LIT("unsupported storage type unknown"));
}
