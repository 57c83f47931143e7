/* The Jobs of a CompactBackup.
 * [tidb-operator v1: pkg/controller/compactbackup, cmd/backup-manager/app/compact/manager.go] */
#include "compact.h"

#include "num.h"
#include "storage_path.h"
#include "timestamp.h"

static const char br_bin[] = "/var/lib/br-bin", kvctl_bin[] = "/var/lib/kvctl-bin";

static struct job new_job(const struct planning *p, const char *container)
{
    struct arena *a = p->arena;
    struct job j = job_new(p, plan_name(p));
    const struct node *instance =
        node_get(p->object->metadata.labels.node, LIT("app.kubernetes.io/instance"));
    bool own = instance && instance->kind == NODE_STRING;
    tree_put_text(a, j.labels, "app.kubernetes.io/name", LIT("compactbackup"));
    if (plan_v2(p))
        tree_put_text(a, j.labels, "pingcap.com/managed-by", LIT("brgate"));
    else
        tree_put_text(a, j.labels, "app.kubernetes.io/managed-by", LIT("compact-backup-operator"));
    tree_put_text(a, j.labels, "app.kubernetes.io/instance", own ? instance->text : plan_name(p));
    tree_put_text(a, j.labels, "app.kubernetes.io/component", LIT("compactbackup"));
    tree_put_text(a, j.labels, "tidb.pingcap.com/compact", plan_name(p));
    j.container = slice_of(container);
    j.backoff_limit = p->object->compact->max_retry_times.value;
    if (slice_eq(p->object->compact->mode.value, LIT("sharded")))
        j.shards = p->object->compact->shard_count.value;
    j.on_failure = !plan_v2(p) && j.shards <= 0;
    return j;
}

/* An image's tag is what follows its last colon; without one, or with an empty one, it is the cluster's. */
static slice tagged(const struct planning *p, slice image, slice version)
{
    if (slice_find_char(image, ':') == SLICE_NONE)
        return arena_fmt(p->arena, "%.*s:%.*s", FMT(image), FMT(version));
    return slice_ends(image, LIT(":")) ? arena_fmt(p->arena, "%.*s%.*s", FMT(image), FMT(version)) : image;
}

static slice tikv_image(const struct planning *p, const struct cluster_facts *c)
{
    const struct text *own = &p->object->compact->tikv_image;
    if (text_given(own))
        return tagged(p, own->value, c->tikv_version);
    return c->tikv_image.n ? tagged(p, c->tikv_image, c->tikv_version)
                           : arena_fmt(p->arena, "pingcap/tikv:%.*s", FMT(c->tikv_version));
}

static slice br_image(const struct planning *p, const struct cluster_facts *c)
{
    const struct text *own = &p->object->compact->job.tool_image;
    return tagged(p, text_given(own) ? own->value : LIT("pingcap/br"), c->tikv_version);
}

struct node *compact_job_v1(const struct planning *p, const struct cluster_facts *c, struct job_problem *ret)
{
    const struct compact_spec *spec = p->object->compact;
    struct arena *a = p->arena;
    struct job j = new_job(p, "backup-manager");
    *ret = job_env_storage(p, &j, &spec->job);
    if (ret->reason.n)
        return NULL;
    job_env_own(p, &j, &spec->job);
    j.image = job_manager_image(p);
    job_arg(p, &j, "compact");
    job_arg(p, &j, "--namespace=%.*s", FMT(plan_namespace(p)));
    job_arg(p, &j, "--resourceName=%.*s", FMT(plan_name(p)));

    job_mount_empty(p, &j, "tool-bin", br_bin);
    struct node *second = tree_put_object(a, j.mounts, NULL);
    tree_put_text(a, second, "name", LIT("tool-bin"));
    tree_put_text(a, second, "mountPath", slice_of(kvctl_bin));
    job_mount_additional(p, &j, &spec->job);
    job_mount_local(p, &j, &spec->job);
    job_copy_tool(p, &j, &spec->job, "br", br_image(p, c), br_bin, j.mounts);
    job_copy_tool(p, &j, &spec->job, "tikv-ctl", tikv_image(p, c), kvctl_bin, j.mounts);
    return job_finish(p, &j, &spec->job);
}

/* ---- v2 ---- */

/* $@ are br's storage flags. What tikv-ctl says of its work comes as JSON lines; the end of it is left as the
 * container's termination message. Only what every sh can do: the image of TiKV has little else. */
static const char script[] =
    "storage=$(/var/lib/br-bin/br operator base64ify \"$@\") || exit 1\n"
    "set -- --log-level INFO --log-format json compact-log-backup --storage-base64 \"$storage\" "
    "--from \"$COMPACT_FROM\" -N \"$COMPACT_CONCURRENCY\" --until \"$COMPACT_UNTIL\" --name "
    "\"$COMPACT_NAME\"\n"
    "field() { v=${1#*\\\"$2\\\":}; [ \"$v\" = \"$1\" ] && v=0; v=${v#\\\"}; v=${v%%[!0-9]*}; v=${v:-0}; }\n"
    "{ /tikv-ctl \"$@\" 2>&1; echo \"exit=$?\"; } | {\n"
    "  end=0 meta=0/0 work=0/0 error='' code=1\n"
    "  while IFS= read -r line; do\n"
    "    case $line in\n"
    "    exit=*) code=${line#exit=}; continue ;;\n"
    "    *'\"Spawning compaction.\"'*) field \"$line\" input_max_ts; [ \"$v\" -gt \"$end\" ] && end=$v ;;\n"
    "    *'\"Finishing compaction.\"'*)\n"
    "      field \"$line\" meta_completed; meta=$v; field \"$line\" meta_total; meta=$meta/$v\n"
    "      field \"$line\" bytes_compacted; work=$v; field \"$line\" bytes_to_compact; work=$work/$v ;;\n"
    "    *'\"Compaction aborted.\"'*) error=$line ;;\n"
    "    esac\n"
    "    printf '%s\\n' \"$line\"\n"
    "  done\n"
    "  printf 'reached %s\\nprogress [READ_META(%s),COMPACT_WORK(%s)]\\nerror %.1000s\\n' \"$end\" \"$meta\" "
    "\"$work\" \"$error\" >/dev/termination-log\n"
    "  exit \"$code\"\n"
    "}\n";

static void flag(const struct planning *p, struct job *j, const char *name, const struct text *value)
{
    if (value->value.n)
        job_arg(p, j, "--%s=%.*s", name, FMT(value->value));
}

static slice folder(const struct planning *p, const struct text *bucket, const struct text *prefix)
{
    return path_join(p->arena, slice_trim_slashes(bucket->value), slice_trim_slashes(prefix->value));
}

/* As the operators' pods call BR: what is compacted is where BR has written it, and what compaction writes has the same class
 * and encryption. A gcs or azure path ends with a slash. [tidb-operator: remote.go GenStorageArgsForFlag] */
static void put_storage_flags(const struct planning *p, struct job *j, const struct storage *s)
{
    switch (s->used) {
    case STORAGE_S3:
        job_arg(p, j, "--storage=s3://%.*s", FMT(folder(p, &s->s3.bucket, &s->s3.prefix)));
        flag(p, j, "s3.region", &s->s3.region);
        flag(p, j, "s3.provider", &s->s3.provider);
        flag(p, j, "s3.endpoint", &s->s3.endpoint);
        flag(p, j, "s3.sse", &s->s3.sse);
        flag(p, j, "s3.acl", &s->s3.acl);
        flag(p, j, "s3.storage-class", &s->s3.storage_class);
        break;
    case STORAGE_GCS:
        job_arg(p, j, "--storage=gcs://%.*s/", FMT(folder(p, &s->gcs.bucket, &s->gcs.prefix)));
        flag(p, j, "gcs.storage-class", &s->gcs.storage_class);
        flag(p, j, "gcs.predefined-acl", &s->gcs.object_acl);
        break;
    case STORAGE_AZBLOB: /* an account's name has no characters that a URL escapes */
        job_arg(
            p, j, "--storage=azure://%.*s/%s%.*s", FMT(folder(p, &s->azblob.container, &s->azblob.prefix)),
            s->azblob.storage_account.value.n ? "?account-name=" : "", FMT(s->azblob.storage_account.value));
        flag(p, j, "azblob.access-tier", &s->azblob.access_tier);
        break;
    case STORAGE_LOCAL:
        job_arg(p, j, "--storage=local://%.*s",
                FMT(path_join(p->arena, s->local.mount_path.value, s->local.prefix.value)));
        break;
    case STORAGE_NONE:
        break;
    }
}

static struct job_problem sas_token_problem(const struct planning *p)
{
    return (struct job_problem){
        LIT("CredentialInSpec"),
        arena_fmt(p->arena,
                  "compact %.*s/%.*s, azblob.sasToken would be in an argument of the pod: put the account's "
                  "key into a Secret and name it in azblob.secretName",
                  FMT(plan_namespace(p)), FMT(plan_name(p)))};
}

static void put_moment(const struct planning *p, struct job *j, const char *name,
                       const struct timestamp_field *t)
{
    job_env(p, j, name, arena_fmt(p->arena, "%llu", (unsigned long long)(t->ok ? t->value.tso : 0)));
}

struct node *compact_job_v2(const struct planning *p, const struct cluster_facts *c, struct job_problem *ret)
{
    enum { DEFAULT_CONCURRENCY = 4 };
    const struct compact_spec *spec = p->object->compact;
    struct arena *a = p->arena;
    struct job j = new_job(p, "compact");
    *ret = text_given(&spec->job.storage.azblob.sas_token) ? sas_token_problem(p)
                                                           : job_env_storage(p, &j, &spec->job);
    if (ret->reason.n)
        return NULL;
    job_env_own(p, &j, &spec->job);
    put_moment(p, &j, "COMPACT_FROM", &spec->start_ts);
    put_moment(p, &j, "COMPACT_UNTIL", &spec->end_ts);
    int64_t concurrency = spec->concurrency.value > 0 ? spec->concurrency.value : DEFAULT_CONCURRENCY;
    job_env(p, &j, "COMPACT_CONCURRENCY", arena_fmt(a, "%lld", (long long)concurrency));
    job_env(p, &j, "COMPACT_NAME", plan_name(p));
    j.image = tikv_image(p, c);
    j.script = slice_of(script);
    put_storage_flags(p, &j, &spec->job.storage);

    struct node *mounts = tree_array(a);
    size_t before = j.mounts->count;
    job_mount_empty(p, &j, "tool-bin", br_bin);
    const struct node *tool = node_first(j.mounts);
    for (size_t i = 0; i < before; i++)
        tool = node_next(tool);
    tree_put_copy(a, mounts, NULL, tool);
    job_copy_tool(p, &j, &spec->job, "br", br_image(p, c), br_bin, mounts);
    job_mount_additional(p, &j, &spec->job);
    job_mount_local(p, &j, &spec->job);
    return job_finish(p, &j, &spec->job);
}

struct compact_report compact_report_of(slice message)
{
    struct compact_report r = {0};
    while (message.n) {
        size_t end = slice_find_char(message, '\n');
        slice line = slice_cut(message, 0, end);
        message = end == SLICE_NONE ? (slice){0} : slice_from(message, end + 1);
        if (slice_starts(line, LIT("reached ")))
            num_u64(slice_from(line, 8), &r.reached);
        else if (slice_starts(line, LIT("progress ")))
            r.progress = slice_from(line, 9);
        else if (slice_starts(line, LIT("error ")))
            r.error = slice_from(line, 6);
    }
    return r;
}
