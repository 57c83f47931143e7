/* The Jobs of a Backup.
 * [tidb-operator v2: pkg/controllers/br/manager/backup; v1: pkg/backup/backup] */
#include "backup_job.h"

static const char br_bin[] = "/var/lib/br-bin";

slice snapshot_job_name(const struct planning *p)
{
    return arena_fmt(p->arena, "backup-%.*s", FMT(plan_name(p)));
}

slice log_job_name(const struct planning *p, enum logbackup_command command)
{
    return arena_fmt(p->arena, "backup-%.*s-%s", FMT(plan_name(p)), logbackup_command_text(command));
}

slice stop_job_name(const struct planning *p)
{
    return arena_fmt(p->arena, "stop-%.*s", FMT(plan_name(p)));
}

slice clean_job_name(const struct planning *p)
{
    return arena_fmt(p->arena, "clean-%.*s", FMT(plan_name(p)));
}

static slice instance_name(const struct planning *p)
{
    const struct node *label = node_get(p->object->metadata.labels.node, LIT("app.kubernetes.io/instance"));
    return label && label->kind == NODE_STRING ? label->text : plan_name(p);
}

static struct job new_job(const struct planning *p, slice name, const char *component)
{
    struct arena *a = p->arena;
    struct job j = job_new(p, name);
    tree_put_text(a, j.labels, "app.kubernetes.io/name", LIT("backup"));
    if (plan_v2(p))
        tree_put_text(a, j.labels, "pingcap.com/managed-by", LIT("tidb-operator"));
    else
        tree_put_text(a, j.labels, "app.kubernetes.io/managed-by", LIT("backup-operator"));
    tree_put_text(a, j.labels, "app.kubernetes.io/instance", instance_name(p));
    tree_put_text(a, j.labels, "app.kubernetes.io/component", slice_of(component));
    tree_put_text(a, j.labels, "tidb.pingcap.com/backup", plan_name(p));
    j.container = LIT("backup");
    j.image = job_manager_image(p);
    return j;
}

static void put_identity(const struct planning *p, struct job *j, const char *verb)
{
    job_arg(p, j, "%s", verb);
    job_arg(p, j, "--namespace=%.*s", FMT(plan_namespace(p)));
    job_arg(p, j, "--backupName=%.*s", FMT(plan_name(p)));
}

/* ---- BR ---- */

/* The password of the database, for clusters so old that their GC is set through SQL. */
static struct job_problem put_password(const struct planning *p, struct job *j)
{
    const struct backup_spec *b = p->object->backup;
    slice name = b->from_secret_name.value, namespace = plan_namespace(p);
    const struct node *secret = seen_find(p, "Secret", namespace, name);
    if (p->seen->unknown & UNKNOWN_SECRETS)
        return (struct job_problem){LIT("GetTidbSecretFailed"),
                                    arena_fmt(p->arena, "backup %.*s/%.*s, secret %.*s could not be read",
                                              FMT(namespace), FMT(plan_name(p)), FMT(name))};
    if (!secret)
        return (struct job_problem){
            LIT("GetTidbSecretFailed"),
            arena_fmt(p->arena,
                      "backup %.*s/%.*s get tidb secret %.*s failed, err: secret \"%.*s\" not found",
                      FMT(namespace), FMT(plan_name(p)), FMT(name), FMT(name))};
    if (!node_get(node_get(secret, LIT("data")), LIT("password")))
        return (struct job_problem){
            LIT("KeyNotExist"),
            arena_fmt(p->arena, "backup %.*s/%.*s, tidb secret %.*s missing password key password",
                      FMT(namespace), FMT(plan_name(p)), FMT(name))};
    bool kms = b->job.use_kms.value;
    job_env_secret(p, j, kms ? "KMS_ENCRYPTED_BACKUP_MANAGER_PASSWORD" : "BACKUP_MANAGER_PASSWORD", name,
                   "password");
    return (struct job_problem){0};
}

static void put_log_args(const struct planning *p, struct job *j, enum logbackup_command command)
{
    const struct backup_spec *b = p->object->backup;
    job_arg(p, j, "--mode=log");
    job_arg(p, j, "--subcommand=%s", logbackup_command_text(command));
    if (command == LOGBACKUP_START && text_given(&b->commit_ts.text))
        job_arg(p, j, "--commit-ts=%.*s", FMT(b->commit_ts.text.value));
    if (command == LOGBACKUP_TRUNCATE && text_given(&b->log_truncate_until.text))
        job_arg(p, j, "--truncate-until=%.*s", FMT(b->log_truncate_until.text.value));
}

static void put_tls(const struct planning *p, struct job *j, const struct cluster_facts *c)
{
    const struct backup_spec *b = p->object->backup;
    slice cluster = b->job.br.cluster.value;
    if (c->tls) {
        job_arg(p, j, "--cluster-tls=true");
        job_mount_secret(p, j, plan_v2(p) ? "ti-cluster-client-tls" : "cluster-client-tls", c->client_secret,
                         "/var/lib/cluster-client-tls");
    }
    if (plan_v2(p) || !b->from.node || !c->client_tls)
        return;
    job_arg(p, j, "--client-tls=true");
    if (c->skip_client_ca)
        job_arg(p, j, "--skipClientCA=true");
    slice own = tree_text(b->from.node, "tlsClientSecretName");
    job_mount_secret(p, j, "tidb-client-tls",
                     own.n ? own : arena_fmt(p->arena, "%.*s-tidb-client-secret", FMT(cluster)),
                     "/var/lib/tidb-client-tls");
}

/* `command` is LOGBACKUP_UNKNOWN for a snapshot. */
static struct node *br_job(const struct planning *p, const struct cluster_facts *c, slice name,
                           enum logbackup_command command, struct job_problem *ret)
{
    const struct backup_spec *b = p->object->backup;
    struct job j = new_job(p, name, "backup");
    *ret = (struct job_problem){0};
    if (b->from.node && !plan_v2(p))
        *ret = put_password(p, &j);
    if (!ret->reason.n)
        *ret = job_env_storage(p, &j, &b->job);
    if (ret->reason.n)
        return NULL;
    j.has_command = plan_v2(p) && !slice_eq(name, stop_job_name(p));
    job_env(p, &j, "BR_LOG_TO_TERM", LIT("\x01")); /* Go's string(rune(1)): what the pod expects */
    job_env_own(p, &j, &b->job);
    job_env_zone(p, &j);

    put_identity(p, &j, "backup");
    if (plan_v2(p))
        job_arg(p, &j, "--pd-addr=%.*s", FMT(c->pd_address));
    if (c->tikv_version.n)
        job_arg(p, &j, "--tikvVersion=%.*s", FMT(c->tikv_version));
    if (command == LOGBACKUP_UNKNOWN)
        job_arg(p, &j, "--mode=snapshot");
    else
        put_log_args(p, &j, command);
    put_tls(p, &j, c);
    size_t before = j.mounts->count;
    job_mount_empty(p, &j, "br-bin", br_bin);
    const struct node *br_mount = node_first(j.mounts);
    for (size_t i = 0; i < before; i++)
        br_mount = node_next(br_mount);
    struct node *mounts = tree_array(p->arena);
    tree_put_copy(p->arena, mounts, NULL, br_mount);
    job_copy_tool(p, &j, &b->job, "br", job_tool_image(p, &b->job.tool_image, c->tikv_version), br_bin,
                  mounts);
    job_mount_additional(p, &j, &b->job);
    job_mount_local(p, &j, &b->job);
    return job_finish(p, &j, &b->job);
}

struct node *snapshot_job(const struct planning *p, const struct cluster_facts *c, struct job_problem *ret)
{
    return br_job(p, c, snapshot_job_name(p), LOGBACKUP_UNKNOWN, ret);
}

struct node *log_job(const struct planning *p, const struct cluster_facts *c, enum logbackup_command command,
                     slice name, struct job_problem *ret)
{
    return br_job(p, c, name, command, ret);
}

struct node *clean_job(const struct planning *p, struct job_problem *ret)
{
    enum { CLEAN_RETRIES = 6 };
    const struct backup_spec *b = p->object->backup;
    struct job j = new_job(p, clean_job_name(p), "clean");
    *ret = job_env_storage(p, &j, &b->job);
    if (ret->reason.n)
        return NULL;
    job_env_own(p, &j, &b->job);
    job_env_zone(p, &j);
    put_identity(p, &j, "clean");
    job_mount_local(p, &j, &b->job);
    job_mount_additional(p, &j, &b->job);
    j.backoff_limit = CLEAN_RETRIES;
    return job_finish(p, &j, &b->job);
}

/* ---- Dumpling ---- */

static slice bucket_of(const struct backup_spec *b)
{
    const struct text *bucket = storage_bucket(&b->job.storage);
    return bucket ? bucket->value : (slice){0};
}

struct node *export_job(const struct planning *p, struct job_problem *ret)
{
    static const char dumpling_bin[] = "/var/lib/dumpling-bin";
    const struct backup_spec *b = p->object->backup;
    struct arena *a = p->arena;
    struct job j = new_job(p, snapshot_job_name(p), "backup");
    *ret = put_password(p, &j);
    if (!ret->reason.n)
        *ret = job_env_storage(p, &j, &b->job);
    enum storage_type used = b->job.storage.used;
    if (!ret->reason.n && used != STORAGE_S3 && used != STORAGE_GCS)
        *ret = (struct job_problem){LIT("UnsupportedStorageType"),
                                    arena_fmt(a, "backup %.*s/%.*s unsupported storage type %s",
                                              FMT(plan_namespace(p)), FMT(plan_name(p)),
                                              storage_type_name(used))};
    if (ret->reason.n)
        return NULL;
    job_env_own(p, &j, &b->job);
    job_env_zone(p, &j);
    put_identity(p, &j, "export");
    job_arg(p, &j, "--bucket=%.*s", FMT(bucket_of(b)));
    job_arg(p, &j, "--storageType=%s", storage_type_name(used));

    struct node *volume = tree_put_object(a, j.volumes, NULL);
    tree_put_text(a, volume, "name", LIT("backup"));
    tree_put_text(a, tree_put_object(a, volume, "persistentVolumeClaim"), "claimName", export_claim_name(p));
    struct node *mount = tree_put_object(a, j.mounts, NULL);
    tree_put_text(a, mount, "name", LIT("backup"));
    tree_put_text(a, mount, "mountPath", LIT("/backup"));
    job_mount_additional(p, &j, &b->job);
    slice tls = tree_text(b->from.node, "tlsClientSecretName");
    if (tls.n) {
        job_arg(p, &j, "--client-tls=true");
        job_mount_secret(p, &j, "tidb-client-tls", tls, "/var/lib/tidb-client-tls");
    }
    if (text_given(&b->job.tool_image)) {
        job_mount_empty(p, &j, "dumpling-bin", dumpling_bin);
        struct node *mounts = tree_array(a);
        tree_put_copy(a, mounts, NULL, j.mounts->last);
        job_copy_tool(p, &j, &b->job, "dumpling", b->job.tool_image.value, dumpling_bin, mounts);
    }
    return job_finish(p, &j, &b->job);
}

/* FNV-1 of "host_port" in 32 bits; its decimal digits in an alphabet without vowels, so that no name becomes
 * words. [apimachinery: pkg/util/rand SafeEncodeString; tidb-operator: pkg/apis/pingcap/v1alpha1/backup.go] */
slice export_claim_name(const struct planning *p)
{
    enum { DEFAULT_PORT = 4000 };
    static const char safe[] = "bcdfghjklmnpqrstvwxz2456789";
    const struct node *from = p->object->backup->from.node, *port = node_get(from, LIT("port"));
    long long number = port && port->kind == NODE_INT && port->integer ? port->integer : DEFAULT_PORT;
    slice endpoint = arena_fmt(p->arena, "%.*s_%lld", FMT(p->object->backup->from_host.value), number);
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < endpoint.n; i++)
        hash = hash * 16777619u ^ (unsigned char)endpoint.p[i];
    slice digits = arena_fmt(p->arena, "%u", hash);
    struct buf b = buf_new(p->arena, SIZE_MAX);
    buf_put(&b, LIT("backup-pvc-"));
    for (size_t i = 0; i < digits.n; i++)
        buf_char(&b, safe[(unsigned char)digits.p[i] % (sizeof safe - 1)]);
    return buf_slice(&b);
}

struct node *export_claim(const struct planning *p)
{
    const struct backup_spec *b = p->object->backup;
    struct arena *a = p->arena;
    struct node *claim = tree_object(a);
    tree_put_text(a, claim, "apiVersion", LIT("v1"));
    tree_put_text(a, claim, "kind", LIT("PersistentVolumeClaim"));
    struct node *metadata = tree_put_object(a, claim, "metadata");
    tree_put_text(a, metadata, "name", export_claim_name(p));
    tree_put_text(a, metadata, "namespace", plan_namespace(p));
    struct node *labels = tree_put_object(a, metadata, "labels");
    tree_put_text(a, labels, "app.kubernetes.io/name", LIT("backup"));
    tree_put_text(a, labels, "app.kubernetes.io/managed-by", LIT("backup-operator"));
    tree_put_text(a, labels, "app.kubernetes.io/instance", instance_name(p));
    struct node *spec = tree_put_object(a, claim, "spec");
    tree_put_text(a, tree_put_array(a, spec, "accessModes"), NULL, LIT("ReadWriteOnce"));
    struct node *requests = tree_put_object(a, tree_put_object(a, spec, "resources"), "requests");
    tree_put_text(a, requests, "storage",
                  text_given(&b->storage_size) ? b->storage_size.value : LIT("100Gi"));
    tree_put_text(a, spec, "storageClassName", b->storage_class_name.value);
    return claim;
}
