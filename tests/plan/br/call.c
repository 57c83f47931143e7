#include "call.h"

#include "operator.h"
#include "storage_path.h"
#include "tree.h"

struct call {
    struct arena *arena;
    struct node *words;
};

static void word(struct call *c, slice text)
{
    struct node *n = node_new(c->arena, NODE_STRING, 0);
    n->text = text;
    tree_put(c->words, NULL, n);
}

static void flag(struct call *c, const char *name, slice value)
{
    word(c, arena_fmt(c->arena, "--%s=%.*s", name, FMT(value)));
}

static void flag_given(struct call *c, const char *name, const struct text *t)
{
    if (t->value.n)
        flag(c, name, t->value);
}

static void flag_number(struct call *c, const char *name, const struct number *n)
{
    if (n->state == FIELD_GIVEN)
        word(c, arena_fmt(c->arena, "--%s=%lld", name, (long long)n->value));
}

static void flag_bool(struct call *c, const char *name, const struct flag *f)
{
    if (f->state == FIELD_GIVEN)
        word(c, arena_fmt(c->arena, "--%s=%s", name, f->value ? "true" : "false"));
}

static slice argument(const struct node *job, const char *start)
{
    const struct node *c = node_first(node_at(job, "spec.template.spec.containers"));
    for (const struct node *n = node_first(node_get(c, LIT("args"))); n; n = node_next(n))
        if (slice_starts(n->text, slice_of(start)))
            return slice_from(n->text, strlen(start));
    return (slice){0};
}

/* ---- the storage ---- */

static slice folder(struct call *c, const struct text *bucket, const struct text *prefix)
{
    return path_join(c->arena, slice_trim_slashes(bucket->value), slice_trim_slashes(prefix->value));
}

/* As Go's url.Values escapes them. */
static void put_query(struct buf *b, const char *name, const struct text *t)
{
    static const char hex[] = "0123456789ABCDEF";
    if (!t->value.n)
        return;
    buf_fmt(b, "%s%s=", b->n ? "&" : "?", name);
    for (size_t i = 0; i < t->value.n; i++) {
        unsigned char x = (unsigned char)t->value.p[i];
        if ((x >= '0' && x <= '9') || (x >= 'A' && x <= 'Z') || (x >= 'a' && x <= 'z') || strchr("-_.~", x))
            buf_char(b, (char)x);
        else if (x == ' ')
            buf_char(b, '+');
        else
            buf_fmt(b, "%%%c%c", hex[x >> 4], hex[x & 15]);
    }
}

static void put_storage(struct call *c, const struct storage *s)
{
    struct buf query = buf_new(c->arena, SIZE_MAX);
    switch (s->used) {
    case STORAGE_S3:
        word(c, arena_fmt(c->arena, "--storage=s3://%.*s", FMT(folder(c, &s->s3.bucket, &s->s3.prefix))));
        flag_given(c, "s3.region", &s->s3.region);
        flag_given(c, "s3.provider", &s->s3.provider);
        flag_given(c, "s3.endpoint", &s->s3.endpoint);
        flag_given(c, "s3.sse", &s->s3.sse);
        flag_given(c, "s3.acl", &s->s3.acl);
        flag_given(c, "s3.storage-class", &s->s3.storage_class);
        break;
    case STORAGE_GCS:
        word(c, arena_fmt(c->arena, "--storage=gcs://%.*s/", FMT(folder(c, &s->gcs.bucket, &s->gcs.prefix))));
        flag_given(c, "gcs.storage-class", &s->gcs.storage_class);
        flag_given(c, "gcs.predefined-acl", &s->gcs.object_acl);
        break;
    case STORAGE_AZBLOB:
        put_query(&query, "account-name", &s->azblob.storage_account);
        put_query(&query, "sas-token", &s->azblob.sas_token);
        word(c, arena_fmt(c->arena, "--storage=azure://%.*s/%.*s",
                          FMT(folder(c, &s->azblob.container, &s->azblob.prefix)), FMT(buf_slice(&query))));
        flag_given(c, "azblob.access-tier", &s->azblob.access_tier);
        break;
    case STORAGE_LOCAL:
        word(c, arena_fmt(c->arena, "--storage=local://%.*s",
                          FMT(path_join(c->arena, s->local.mount_path.value, s->local.prefix.value))));
        break;
    case STORAGE_NONE:
        break;
    }
}

/* ---- a Backup ---- */

static void put_filters(struct call *c, const struct backup_spec *b)
{
    for (const struct node *n = node_first(b->table_filter.node); n; n = node_next(n)) {
        word(c, LIT("--filter"));
        word(c, n->text);
    }
    if (b->table_filter.node && node_first(b->table_filter.node))
        return;
    bool table = slice_eq(b->backup_type.value, LIT("table"));
    if (table)
        flag_given(c, "table", &b->job.br.table);
    if (table || slice_eq(b->backup_type.value, LIT("db")))
        flag_given(c, "db", &b->job.br.db);
}

static void put_cluster(struct call *c, const struct resource *o, const struct node *job)
{
    const struct br *br = &o->backup->job.br;
    slice own = o->metadata.namespace.value;
    flag(c, "pd",
         o->group == GROUP_BR ? argument(job, "--pd-addr=")
                              : arena_fmt(c->arena, "%.*s-pd.%.*s:2379", FMT(br->cluster.value),
                                          FMT(br_cluster_namespace(br, own))));
    if (!argument(job, "--cluster-tls=").n)
        return;
    flag(c, "ca", LIT("/var/lib/cluster-client-tls/ca.crt"));
    flag(c, "cert", LIT("/var/lib/cluster-client-tls/tls.crt"));
    flag(c, "key", LIT("/var/lib/cluster-client-tls/tls.key"));
}

/* "log-start" is called as the words "log" and "start". */
static void put_log_command(struct call *c, const struct resource *o, const struct node *job)
{
    slice command = slice_from(argument(job, "--subcommand="), strlen("log-"));
    slice start = argument(job, "--commit-ts="), until = argument(job, "--truncate-until=");
    word(c, LIT("log"));
    word(c, command);
    if (slice_eq(command, LIT("truncate")))
        flag(c, "until", until);
    else
        flag(c, "task-name", o->metadata.name.value);
    if (slice_eq(command, LIT("start")) && start.n && !slice_eq(start, LIT("0")))
        flag(c, "start-ts", start);
}

static void put_snapshot(struct call *c, const struct backup_spec *b)
{
    word(c, LIT("backup"));
    word(c, b->backup_type.value.n ? b->backup_type.value : LIT("full"));
    if (b->commit_ts.text.value.n)
        flag(c, "backupts", b->commit_ts.text.value);
}

static void put_backup(struct call *c, const struct resource *o, const struct node *job)
{
    const struct backup_spec *b = o->backup;
    const struct br *br = &b->job.br;
    if (argument(job, "--subcommand=").n)
        put_log_command(c, o, job);
    else
        put_snapshot(c, b);
    put_cluster(c, o, job);
    flag_given(c, "log-level", &br->log_level);
    flag_given(c, "status-addr", &br->status_addr);
    flag_bool(c, "send-credentials-to-tikv", &br->send_cred_to_tikv);
    put_storage(c, &b->job.storage);
    put_filters(c, b);
    flag_number(c, "concurrency", &br->concurrency);
    flag_number(c, "ratelimit", &br->rate_limit);
    flag_given(c, "timeago", &br->time_ago.text);
    flag_bool(c, "checksum", &br->checksum);
    flag_bool(c, "check-requirements", &br->check_requirements);
    tree_put_elements(c->arena, c->words, br->options.node);
}

/* ---- all ---- */

static struct node *encoding_call(struct arena *a)
{
    struct call c = {a, tree_array(a)};
    word(&c, LIT("operator"));
    word(&c, LIT("base64ify"));
    return c.words;
}

struct node *br_call(struct arena *a, const struct resource *o, const struct node *job)
{
    const struct node *main = node_first(node_at(job, "spec.template.spec.containers"));
    const struct node *args = node_get(main, LIT("args"));
    struct call c = {a, NULL};
    if (o->kind == KIND_COMPACT_BACKUP) {
        c.words = encoding_call(a);
        if (o->group == GROUP_BR)
            tree_put_elements(a, c.words, args);
        else
            put_storage(&c, &o->compact->job.storage);
        return c.words;
    }
    if (!slice_eq(node_text(node_first(args)), LIT("backup")))
        return NULL;
    c.words = tree_array(a);
    put_backup(&c, o, job);
    return c.words;
}
