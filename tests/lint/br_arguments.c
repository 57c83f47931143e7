/* [operator: genStorageArgs(), newS3StorageOption(), newGcsStorageOption(), constructBROptions() of the
 * backup manager (pkg/backup/util/remote.go, cmd/backup-manager/app/util/util.go); generateS3CertEnvVar() of
 * the controller] */
#include "br_arguments.h"

struct flag {
    const char *field, *name;
};

static const struct flag s3_flags[] = {
    {"region", "--s3.region"}, {"provider", "--s3.provider"}, {"endpoint", "--s3.endpoint"},
    {"sse", "--s3.sse"},       {"acl", "--s3.acl"},           {"storageClass", "--s3.storage-class"},
};
static const struct flag gcs_flags[] = {
    {"storageClass", "--gcs.storage-class"},
    {"objectAcl", "--gcs.predefined-acl"},
};
static const struct flag br_flags[] = {
    {"logLevel", "--log-level"},
    {"statusAddr", "--status-addr"},
    {"sendCredToTikv", "--send-credentials-to-tikv"},
    {"db", "--db"},
    {"table", "--table"},
    {"concurrency", "--concurrency"},
    {"rateLimit", "--ratelimit"},
    {"timeAgo", "--timeago"},
    {"checksum", "--checksum"},
    {"checkRequirements", "--check-requirements"},
};
static const struct flag job_flags[] = {
    {"backupMode", "--mode"},
    {"logSubcommand", "--subcommand"},
    {"logStop", "log-stop"},
    {"commitTs", "--backupts"},
    {"logTruncateUntil", "--truncate-until"},
    {"backupType", "backup"},
    {"startTs", "tikv-ctl --from"},
    {"endTs", "tikv-ctl --until"},
};

/* An absent or empty field makes no argument. The mode that is none is snapshot. */
static void put_flags(struct buf *b, const struct node *object, const struct flag *flags, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct node *n = node_get(object, slice_of(flags[i].field));
        bool none = !n || n->kind == NODE_NULL || (n->kind == NODE_STRING && n->text.n == 0) ||
                    (n->kind == NODE_STRING && slice_eq(n->text, LIT("snapshot")));
        if (none)
            continue;
        buf_fmt(b, " %s=", flags[i].name);
        node_put_json(b, n, true);
    }
}

static void put_list(struct buf *b, const char *flag, const struct node *list)
{
    for (const struct node *n = node_first(list); n; n = node_next(n)) {
        buf_fmt(b, " %s", flag);
        node_put_json(b, n, true);
    }
}

/* The first of these that is there is used. */
static void put_storage(struct buf *b, const struct node *spec)
{
    const struct node *s3 = node_get(spec, LIT("s3")), *gcs = node_get(spec, LIT("gcs"));
    if (s3) {
        slice bucket = node_text_at(s3, "bucket"), prefix = node_text_at(s3, "prefix");
        buf_fmt(b, " --storage=s3://%.*s/%.*s", FMT(bucket), FMT(prefix));
        put_flags(b, s3, s3_flags, COUNT(s3_flags));
    } else if (gcs) {
        slice bucket = node_text_at(gcs, "bucket"), prefix = node_text_at(gcs, "prefix");
        buf_fmt(b, " --storage=gcs://%.*s/%.*s", FMT(bucket), FMT(prefix));
        put_flags(b, gcs, gcs_flags, COUNT(gcs_flags));
    } else {
        const struct node *azblob = node_get(spec, LIT("azblob"));
        buf_put(b, LIT(" --storage="));
        if (azblob)
            node_put_json(b, azblob, true);
        else if (node_get(spec, LIT("local")))
            node_put_json(b, node_get(spec, LIT("local")), true);
    }
}

static slice value_or(const struct node *object, const char *key, bool complete, slice otherwise)
{
    slice value = node_text_at(object, key);
    return value.n || !complete ? value : otherwise;
}

/* The controller completes a copy of the object for the environment, which only rclone reads. */
static void put_rclone(struct buf *b, const struct node *s3)
{
    bool aws = slice_eq(node_text_at(s3, "provider"), LIT("aws")),
         ceph = slice_eq(node_text_at(s3, "provider"), LIT("ceph"));
    slice endpoint = node_text_at(s3, "endpoint");
    bool complete = ceph && endpoint.n && slice_find(endpoint, LIT("://")) == SLICE_NONE;
    buf_fmt(b, " AWS_ACL=%.*s AWS_STORAGE_CLASS=%.*s S3_ENDPOINT=%s%.*s",
            FMT(value_or(s3, "acl", aws, LIT("private"))),
            FMT(value_or(s3, "storageClass", aws, LIT("STANDARD_IA"))), complete ? "http://" : "",
            FMT(endpoint));
}

static void put_job(struct buf *b, const struct node *spec, bool old_group, bool compaction)
{
    const struct node *br = node_get(spec, LIT("br"));
    if (!spec || spec->kind != NODE_OBJECT)
        return;
    if (old_group && !compaction && !br) {
        buf_put(b, LIT("dumpling"));
        put_rclone(b, node_get(spec, LIT("s3")));
    } else {
        buf_put(b, LIT("br"));
        put_storage(b, spec);
        put_flags(b, spec, job_flags, COUNT(job_flags));
        put_list(b, "--filter=", node_get(spec, LIT("tableFilter")));
        put_flags(b, br, br_flags, COUNT(br_flags));
        put_list(b, "", node_get(br, LIT("options")));
    }
    buf_char(b, '\n');
}

void put_what_runs(struct buf *b, const struct node *root)
{
    const struct node *spec = node_get(root, LIT("spec"));
    slice version = node_text_at(root, "apiVersion"), kind = node_text_at(root, "kind");
    bool old_group = slice_eq(version, LIT("pingcap.com/v1alpha1"));
    if (!old_group && !slice_eq(version, LIT("br.pingcap.com/v1alpha1")))
        return;
    if (slice_eq(kind, LIT("BackupSchedule"))) {
        put_job(b, node_get(spec, LIT("backupTemplate")), old_group, false);
        put_job(b, node_get(spec, LIT("logBackupTemplate")), old_group, false);
        put_job(b, node_get(spec, LIT("compactBackupTemplate")), old_group, true);
    } else {
        put_job(b, spec, old_group, slice_eq(kind, LIT("CompactBackup")));
    }
}
