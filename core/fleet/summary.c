/* Summarises judged objects for across.c. */
#include "summary.h"

#include "suppress.h"

#include "endpoint.h"
#include "position.h"
#include "storage_path.h"

struct noting {
    struct object_summaries *list;
    struct arena *arena;
    const struct stream_verdict *stream;
    const struct verdict *verdict; /* whose object is noted */
    uint32_t file;
    slice file_name;
};

struct object_summaries *footprints_new(struct arena *a)
{
    struct object_summaries *list = arena_try(a, sizeof *list);
    if (!list)
        return NULL;
    list->arena = a;
    list->last = &list->first;
    return list;
}

/* ---- its position ---- */

static unsigned allowed_at(const struct noting *n, const struct source_place *s)
{
    unsigned allowed = 0;
    for (size_t i = 0; i < across_rule_count; i++) {
        const struct diagnostic row = {.rule = across_rules[i], .from = s->from};
        if (suppression_for(n->verdict->allowed, &row, n->stream->lines) ||
            suppression_for(n->stream->allowed, &row, n->stream->lines))
            allowed |= 1u << i;
    }
    return allowed;
}

static struct source_place spot_of(struct noting *n, struct place place)
{
    struct source_place s = {0};
    place_span(place, n->stream->bytes, &s.from, &s.to);
    s.line = line_of(n->stream->lines, s.from);
    if (n->verdict->allowed->count || n->stream->allowed->count)
        s.allowed = allowed_at(n, &s);
    return s;
}

/* The position of a missing prefix is that of its block. */
static struct source_place spot_of_prefix(struct noting *n, const struct storage *s)
{
    const struct node *prefix = storage_prefix(s)->node;
    bool written = prefix && !(prefix->flags & NODE_DEFAULTED);
    return spot_of(n, written ? at_value(prefix) : at_key(storage_node(s)));
}

/* ---- which place it is ---- */

static bool is_known(const struct text *t)
{
    return t->state == FIELD_ABSENT || t->state == FIELD_GIVEN;
}

static void put_lower(struct buf *b, slice s)
{
    for (size_t i = 0; i < s.n; i++)
        buf_char(b, s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i]);
}

/* Host and port without what may be left out. Buckets of AWS are the same from everywhere. */
static bool put_s3_service(struct buf *b, const struct s3 *s)
{
    struct endpoint url;
    if (!is_known(&s->provider) || !is_known(&s->endpoint))
        return false;
    if (text_empty(&s->endpoint)) {
        buf_put(b, text_given(&s->provider) ? s->provider.value : LIT("aws"));
        return true;
    }
    if (!endpoint_parse(s->endpoint.value, &url, NULL))
        return false;
    if (slice_find(url.host, LIT(".amazonaws.com")) != SLICE_NONE) {
        buf_put(b, LIT("aws"));
        return true;
    }
    bool tls = slice_eq_nocase(url.scheme, LIT("https"));
    put_lower(b, url.host);
    if (url.port.n && !slice_eq(url.port, tls ? LIT("443") : LIT("80")))
        buf_fmt(b, ":%.*s", FMT(url.port));
    return true;
}

/* An account that only a secret names is taken for the same where the secrets are called the same. */
static bool put_azblob_service(struct buf *b, const struct azblob *z)
{
    if (!is_known(&z->storage_account) || !is_known(&z->secret_name))
        return false;
    if (text_given(&z->storage_account))
        buf_fmt(b, "account %.*s", FMT(z->storage_account.value));
    else
        buf_fmt(b, "secret %.*s", FMT(z->secret_name.value));
    return true;
}

/* A volume is what it is whatever it is called. */
static bool put_volume(struct buf *b, const struct local *l)
{
    size_t before = b->n;
    for (const struct node *c = node_first(l->volume.node); c; c = node_next(c)) {
        if (slice_eq(c->key, LIT("name")))
            continue;
        buf_fmt(b, "%.*s=", FMT(c->key));
        node_put_json(b, c, true);
    }
    return b->n > before;
}

/* What the schedule appends to the prefix for each run. */
static slice runs_of(struct noting *n, const struct object_summary *f)
{
    if (f->role == ROLE_LOG_TEMPLATE)
        return arena_fmt(n->arena, "%.*slog-", FMT(f->folder));
    return arena_fmt(n->arena, "%.*s%.*s-pd.%.*s-2379-", FMT(f->folder), FMT(f->cluster),
                     FMT(f->cluster_namespace));
}

static void note_place(struct noting *n, const struct storage *s, struct object_summary *f)
{
    const struct text *bucket = storage_bucket(s), *prefix = storage_prefix(s);
    if (s->used == STORAGE_NONE || !is_known(prefix) || (bucket && !text_given(bucket)))
        return;
    struct buf service = buf_new(n->arena, 64 << 10);
    buf_put(&service, slice_of(storage_type_name(s->used)));
    buf_char(&service, ' ');
    bool reported = s->used == STORAGE_S3       ? put_s3_service(&service, &s->s3)
                    : s->used == STORAGE_AZBLOB ? put_azblob_service(&service, &s->azblob)
                    : s->used == STORAGE_LOCAL  ? put_volume(&service, &s->local)
                                                : true;
    slice root = bucket ? bucket->value : LIT("volume");
    slice path = prefix->value,
          sub_path = s->used == STORAGE_LOCAL
                         ? node_text(node_get(s->local.volume_mount.node, LIT("subPath")))
                         : (slice){0};
    if (sub_path.n)
        path = path_join(n->arena, sub_path, path);
    struct storage_place place = storage_place(n->arena, root, path);
    if (!reported || service.failed || place.outside || place.cut_short)
        return;
    buf_char(&service, ' ');
    buf_put(&service, place.bucket);
    f->service = buf_slice(&service);
    f->folder = place.prefix;
    f->storage = s->used;
    f->place = spot_of_prefix(n, s);
    if (f->role != ROLE_BACKUP)
        f->runs = runs_of(n, f);
}

/* ---- the objects ---- */

static void note_cluster(struct noting *n, const struct resource *o, const struct br *br,
                         struct object_summary *f)
{
    if (!text_given(&br->cluster) || !is_known(&br->cluster_namespace))
        return;
    f->cluster = arena_copy(n->arena, br->cluster.value);
    f->cluster_namespace =
        arena_copy(n->arena, text_given(&br->cluster_namespace) ? br->cluster_namespace.value
                                                                : o->metadata.namespace.value);
    f->cluster_spot = spot_of(n, at_value(br->cluster.node));
}

static bool is_dumpling(const struct resource *o, const struct backup_spec *b)
{
    return o->group == GROUP_PINGCAP && !node_get(b->node, LIT("br"));
}

static bool asks_to_stop(const struct backup_spec *b)
{
    return (text_given(&b->log_subcommand) && slice_eq(b->log_subcommand.value, LIT("log-stop"))) ||
           (b->log_stop.state == FIELD_GIVEN && b->log_stop.value);
}

static void append(struct object_summaries *list, struct object_summary *f)
{
    *list->last = f;
    list->last = &f->next;
    list->count++;
}

/* The object by itself, for its name. */
static void note_name(struct noting *n, const struct resource *o)
{
    if (!text_given(&o->metadata.name) || !is_known(&o->metadata.namespace))
        return;
    struct object_summary *f = ARENA_NEW(n->arena, struct object_summary);
    *f = (struct object_summary){
        .file = n->file,
        .file_name = n->file_name,
        .group = o->group,
        .kind = o->kind,
        .namespace = arena_copy(n->arena, o->metadata.namespace.value),
        .name = arena_copy(n->arena, o->metadata.name.value),
        .named = true,
        .self = spot_of(n, at_value(o->metadata.name.node)),
    };
    append(n->list, f);
}

static struct object_summary *note_backup(struct noting *n, const struct resource *o,
                                          const struct backup_spec *b)
{
    struct object_summary *f = ARENA_NEW(n->arena, struct object_summary);
    *f = (struct object_summary){
        .file = n->file,
        .file_name = n->file_name,
        .group = o->group,
        .kind = o->kind,
        .namespace = arena_copy(n->arena, o->metadata.namespace.value),
        .name = arena_copy(n->arena, o->metadata.name.value),
        .role = b->role,
        .owner = arena_copy(
            n->arena, node_text(node_get(o->metadata.labels.node, LIT("tidb.pingcap.com/backup-schedule")))),
        .is_log = b->is_log,
        .stops = asks_to_stop(b),
    };
    if (text_given(&b->clean_policy) && !slice_eq(b->clean_policy.value, LIT("Retain"))) {
        f->cleans = true;
        f->clean_policy = arena_copy(n->arena, b->clean_policy.value);
    }
    note_cluster(n, o, &b->job.br, f);
    if ((b->is_log || b->is_snapshot) && !is_dumpling(o, b))
        note_place(n, &b->job.storage, f);
    append(n->list, f);
    return f;
}

static void note_object(struct noting *n, const struct resource *o)
{
    note_name(n, o);
    if (o->backup->node)
        note_backup(n, o, o->backup);
    const struct schedule_spec *s = o->schedule;
    if (s->backup_template.node) {
        struct object_summary *f = note_backup(n, o, &s->backup_template);
        f->fire_minutes = s->cron_ok && !s->cron.every && !(s->pause.state == FIELD_GIVEN && s->pause.value);
        f->cron = s->cron;
        f->schedule_group = arena_copy(
            n->arena,
            node_text(node_get(o->metadata.labels.node, LIT("tidb.pingcap.com/backup-schedule-group"))));
        if (f->fire_minutes)
            f->schedule_spot = spot_of(n, at_value(s->schedule.node));
    }
    if (s->log_backup_template.node)
        note_backup(n, o, &s->log_backup_template);
}

static void note_stream(void *context)
{
    struct noting *n = context;
    slice name = n->file_name;
    n->file_name = (slice){0};
    for (const struct verdict *v = n->stream->first; v; v = v->next) {
        if (!v->object)
            continue;
        if (!n->file_name.p)
            n->file_name = arena_copy(n->arena, name);
        n->verdict = v;
        note_object(n, v->object);
    }
}

bool footprints_note(struct object_summaries *list, uint32_t file, slice name,
                     const struct stream_verdict *stream)
{
    struct noting n = {.list = list, .arena = list->arena, .stream = stream, .file = file, .file_name = name};
    return arena_run(list->arena, note_stream, &n);
}
