/* Summarises judged objects for across.c. */
#include "summary.h"

#include "operator.h"
#include "suppress.h"

#include "brgate_limits.h"

#include "position.h"

struct noting {
    struct object_summaries *list;
    struct arena *arena;
    const struct stream_verdict *stream;
    const struct verdict *verdict; /* whose object is noted */
    uint32_t file;
    slice file_name;
};

static void close_scratch(void *scratch)
{
    arena_free(scratch);
}

static void begin(void *context)
{
    struct object_summaries *list = context;
    list->scratch = arena_new(LIMIT_DOCUMENT_BYTES);
    if (!list->scratch)
        arena_exhausted(list->arena);
    arena_defer(list->arena, close_scratch, list->scratch);
}

struct object_summaries *object_summaries_new(struct arena *a)
{
    struct object_summaries *list = arena_try(a, sizeof *list);
    if (!list)
        return NULL;
    list->arena = list->texts.arena = a;
    list->last = &list->first;
    return arena_run(a, begin, list) ? list : NULL;
}

/* ---- its position ---- */

static unsigned allowed_at(const struct noting *n, const struct source_place *s)
{
    unsigned allowed = 0;
    for (size_t i = 0; i < across_rule_count; i++) {
        const struct diagnostic d = {.rule = across_rules[i], .from = s->from};
        if (suppression_for(n->verdict->allowed, &d, n->stream->lines) ||
            suppression_for(n->stream->allowed, &d, n->stream->lines))
            allowed |= 1u << i;
    }
    return allowed;
}

static struct source_place source_place_of(struct noting *n, struct place place)
{
    struct source_place s = {0};
    place_span(place, n->stream->bytes, &s.from, &s.to);
    s.line = line_of(n->stream->lines, s.from);
    if (n->verdict->allowed->count || n->stream->allowed->count)
        s.allowed = allowed_at(n, &s);
    return s;
}

/* The position of a missing prefix is that of its block. */
static struct source_place source_place_of_prefix(struct noting *n, const struct storage *s)
{
    const struct node *prefix = storage_prefix(s)->node;
    bool written = prefix && !(prefix->flags & NODE_DEFAULTED);
    return source_place_of(n, written ? at_value(prefix) : at_key(storage_node(s)));
}

/* ---- which place it is ---- */

/* What the schedule appends to the prefix for each run. */
static slice runs_of(struct noting *n, const struct object_summary *f)
{
    if (f->role == ROLE_LOG_TEMPLATE)
        return arena_fmt(n->arena, "%.*slog-", FMT(f->location.folder));
    return arena_fmt(n->arena, "%.*s%.*s-pd.%.*s-2379-", FMT(f->location.folder), FMT(f->cluster),
                     FMT(f->cluster_namespace));
}

struct locating {
    struct arena *arena;
    const struct storage *storage;
    struct location location;
};

static void locate(void *context)
{
    struct locating *l = context;
    l->location = storage_location(l->arena, l->storage);
}

static void note_place(struct noting *n, const struct storage *s, struct object_summary *f)
{
    struct locating l = {n->list->scratch, s, {0}};
    arena_reset(l.arena);
    if (!arena_run(l.arena, locate, &l))
        arena_exhausted(n->arena);
    const struct location location = l.location;
    if (!location.known)
        return;
    f->location = (struct kept_location){.type = location.type,
                                         .known = true,
                                         .service = texts_keep(&n->list->texts, location.service),
                                         .bucket = texts_keep(&n->list->texts, location.bucket),
                                         .folder = arena_copy(n->arena, location.folder)};
    f->place = source_place_of_prefix(n, s);
    if (f->role != ROLE_BACKUP)
        f->runs = runs_of(n, f);
}

/* ---- the objects ---- */

static void note_cluster(struct noting *n, const struct resource *o, const struct br *br,
                         struct object_summary *f)
{
    if (!text_given(&br->cluster) || !text_known(&br->cluster_namespace))
        return;
    f->cluster = texts_keep(&n->list->texts, br->cluster.value);
    f->cluster_namespace = texts_keep(&n->list->texts, br_cluster_namespace(br, o->metadata.namespace.value));
    f->cluster_place = source_place_of(n, at_value(br->cluster.node));
}

static struct object_summary *summary_new(struct noting *n, const struct resource *o)
{
    struct object_summary *f = ARENA_NEW(n->arena, struct object_summary);
    *f = (struct object_summary){
        .file = n->file,
        .file_name = n->file_name,
        .group = o->group,
        .kind = o->kind,
        .namespace = texts_keep(&n->list->texts, o->metadata.namespace.value),
        .name = arena_copy(n->arena, o->metadata.name.value),
    };
    *n->list->last = f;
    n->list->last = &f->next;
    n->list->count++;
    return f;
}

/* The object by itself, for its name. Two objects of a cluster never have the same one. */
static void note_name(struct noting *n, const struct resource *o)
{
    if (!n->file_name.n || !text_given(&o->metadata.name) || !text_known(&o->metadata.namespace))
        return;
    struct object_summary *f = summary_new(n, o);
    f->named = true;
    f->name_place = source_place_of(n, at_value(o->metadata.name.node));
    f->patch = !o->backup->job.storage.count && !o->schedule->backup_template.job.storage.count &&
               !o->compact->job.storage.count;
}

static struct object_summary *note_backup(struct noting *n, const struct resource *o,
                                          const struct backup_spec *b)
{
    const struct logbackup_spec log = backup_log_spec(b);
    struct object_summary *f = summary_new(n, o);
    f->role = b->role;
    f->owner =
        texts_keep(&n->list->texts,
                   node_text(node_get(o->metadata.labels.node, LIT("tidb.pingcap.com/backup-schedule"))));
    f->is_log = b->is_log;
    f->stops = logbackup_request_of(&log) == LOGBACKUP_ASK_STOP;
    if (text_given(&b->clean_policy) && !slice_eq(b->clean_policy.value, LIT("Retain"))) {
        f->cleans = true;
        f->clean_policy = texts_keep(&n->list->texts, b->clean_policy.value);
    }
    note_cluster(n, o, &b->job.br, f);
    if ((b->is_log || b->is_snapshot) && !backup_is_dumpling(o->group, b->node))
        note_place(n, &b->job.storage, f);
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
        f->fires_by_clock =
            s->cron_ok && !s->cron.every && !(s->pause.state == FIELD_GIVEN && s->pause.value);
        f->cron = s->cron;
        f->schedule_group = arena_copy(
            n->arena,
            node_text(node_get(o->metadata.labels.node, LIT("tidb.pingcap.com/backup-schedule-group"))));
        if (f->fires_by_clock)
            f->schedule_place = source_place_of(n, at_value(s->schedule.node));
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

bool object_summaries_note(struct object_summaries *list, uint32_t file, slice name,
                           const struct stream_verdict *stream)
{
    struct noting n = {.list = list, .arena = list->arena, .stream = stream, .file = file, .file_name = name};
    return arena_run(list->arena, note_stream, &n);
}
