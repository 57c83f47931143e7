/* The stage after the rules: it puts the findings of the schema and the rules in the terms of these resources, and reports
 * each fault once. It sees the complete list; nothing else rewrites or drops a finding. */
#include "explain.h"

#include "ascii.h"
#include "brgate_limits.h"
#include "foreign_names.h"
#include "quantity.h"

extern const struct rule rule_unknown_field, rule_schema_type, rule_schema_required, rule_schema_enum,
    rule_schema_pattern, rule_schema_validation; /* schema.def */
extern const struct rule rule_storage_missing, rule_compact_storage, rule_compact_storage_differs,
    rule_prefix_missing, rule_bucket_style, rule_no_secret_but_sendcred, rule_no_retention; /* of the rules */

/* ---- better words ---- */

static const slice providers[] = {
    SLICE("aws"),    SLICE("ceph"),  SLICE("alibaba"), SLICE("digitalocean"), SLICE("dreamhost"),
    SLICE("ibmcos"), SLICE("minio"), SLICE("netease"), SLICE("wasabi"),       SLICE("other"),
};

/* Fewer words than the schema has, and the way out. */
static void explain_provider(struct finding *x)
{
    const struct node *n = x->place.node;
    struct buf b = buf_new(x->arena, LIMIT_MESSAGE_BYTES);
    for (size_t i = 0; i < COUNT(providers); i++) {
        buf_put(&b, i ? LIT(", ") : (slice){0});
        buf_quote(&b, providers[i]);
    }
    x->rule = &rule_provider_unknown;
    x->message = arena_fmt(x->arena, "%s: %.*s: supported values: %.*s", field_error_words(x->error),
                           FMT(node_value(x->arena, n)), FMT(buf_slice(&b)));
    if (foreign_name_explain_value(x))
        return;
    if (!x->edit.text.n)
        finding_hint(x, "write aws for Amazon S3, other for a service that is not listed");
    else
        finding_hint(x, "did you mean %.*s?%s For a service that is not listed write other",
                     FMT(x->edit.text), slice_eq_nocase(x->edit.text, n->text) ? " Case matters." : "");
}

/* `env: {TZ: UTC}`: variables as fields. */
static void explain_variables(struct finding *x)
{
    const struct node *n = x->place.node;
    struct buf b = buf_new(x->arena, LIMIT_MESSAGE_BYTES);
    for (const struct node *c = n->first; c; c = c->next) { /* pruned: a list has no fields */
        if (c->kind == NODE_OBJECT || c->kind == NODE_ARRAY)
            return;
        buf_put(&b, b.n ? LIT(", ") : LIT("["));
        put_variable(&b, c);
    }
    buf_put(&b, LIT("]"));
    if (!n->first || b.failed)
        return;
    finding_edit_plain(x, at_value(n), buf_slice(&b));
    finding_hint(x, "write %.*s", FMT(buf_slice(&b)));
}

/* `tableFilter: shop.*`: one item where a list is expected. */
static void explain_list(struct finding *x)
{
    const struct node *n = x->place.node;
    const struct schema *s = n->schema;
    bool of_texts = s && s->type == SCHEMA_ARRAY && s->items && s->items->type == SCHEMA_STRING;
    bool of_names =
        slice_eq(n->key, LIT("imagePullSecrets")) && n->kind == NODE_STRING && is_plain_word(n->text);
    if (n->kind == NODE_OBJECT && slice_eq(n->key, LIT("env")))
        explain_variables(x);
    if (of_names) {
        slice list = arena_fmt(x->arena, "[{name: \"%.*s\"}]", FMT(n->text));
        finding_edit_plain(x, at_value(n), list);
        finding_hint(x, "write %.*s", FMT(list));
    }
    if (!of_texts || n->kind != NODE_STRING || !n->text.n || slice_find_char(n->text, ',') != SLICE_NONE ||
        slice_find_char(n->text, '\n') != SLICE_NONE)
        return;
    struct buf b = buf_new(x->arena, LIMIT_MESSAGE_BYTES);
    buf_put(&b, LIT("["));
    buf_json_text(&b, n->text);
    buf_put(&b, LIT("]"));
    if (b.failed)
        return;
    finding_edit_plain(x, at_value(n), buf_slice(&b));
    finding_hint(x, "write %.*s", FMT(buf_slice(&b)));
}

/* ---- quantities ---- */

static bool is_quantity(const struct node *n)
{
    const struct node *list = n->parent, *resources = list ? list->parent : NULL;
    return resources && slice_eq(resources->key, LIT("resources")) &&
           (slice_eq(list->key, LIT("limits")) || slice_eq(list->key, LIT("requests")));
}

/* 1.5 is a quantity only between quotes. */
static void explain_fraction(struct finding *x)
{
    const struct node *n = x->place.node;
    double milli = n->real * 1000;
    finding_edit(x, at_value(n), n->text);
    if (slice_eq(n->key, LIT("cpu")) && milli > 0 && milli < 1e9 && milli == (double)(long long)milli)
        finding_hint(x, "write \"%.*s\" in quotes, or %lldm", FMT(n->text), (long long)milli);
    else
        finding_hint(x, "write \"%.*s\" in quotes", FMT(n->text));
}

/* The schema's pattern is a long regular expression; this message is shorter. */
static void explain_quantity(struct finding *x)
{
    const struct node *n = x->place.node;
    struct quantity ignored;
    struct refusal why = {0};
    if (!is_quantity(n) || n->kind != NODE_STRING || quantity_parse(n->text, &ignored, &why))
        return;
    x->message = arena_fmt(x->arena, "%s: %.*s: %s", field_error_words(x->error),
                           FMT(node_value(x->arena, n)), why.why);
    finding_hint(x, "%s", why.hint);
    if (why.better[0])
        finding_edit(x, at_value(n), arena_copy(x->arena, slice_of(why.better)));
}

/* ---- fields that are missing ---- */

static bool is_with_br(const struct node *from)
{
    return slice_eq(from->key, LIT("from")) && from->parent && node_get(from->parent, LIT("br"));
}

static void explain_required(struct finding *x)
{
    static const struct {
        slice block, name;
        const char *hint;
    } known[] = {
        {SLICE("s3"), SLICE("provider"), "add provider: aws, or the provider that runs the service"},
        {SLICE("gcs"), SLICE("projectId"), "add projectId with the project that owns the bucket"},
        {SLICE("br"), SLICE("cluster"), "add cluster with the name of the TidbCluster or Cluster"},
        {SLICE("from"), SLICE("secretName"),
         "add secretName with the Secret that holds the password of TiDB's user"},
        {SLICE("from"), SLICE("host"), "add host with the address of TiDB"},
        {SLICE("secretKeyRef"), SLICE("key"), "write which of its keys holds the value"},
        {SLICE("configMapKeyRef"), SLICE("key"), "write which of its keys holds the value"},
        {SLICE("nfs"), SLICE("path"), "add path with the directory that the server exports"},
        {SLICE("nfs"), SLICE("server"), "add server with the host that exports the directory"},
        {SLICE("spec"), SLICE("schedule"), "add schedule with a cron expression, such as 0 2 * * *"},
        {SLICE("spec"), SLICE("backupTemplate"), "add backupTemplate with the spec of a Backup below it"},
    };
    const struct node *block = x->place.node;
    for (size_t i = 0; i < COUNT(known) && x->place.kind == PLACE_MISSING; i++)
        if (slice_eq(block->key, known[i].block) && slice_eq(x->place.member, known[i].name))
            finding_hint(x, "%s", is_with_br(block) ? "remove from: BR does not need it" : known[i].hint);
}

/* ---- durations ---- */

/* `; 7 days are 168h`, for a field that people count in days. */
static slice days_too(const struct finding *x, long long count)
{
    enum { MOST = 9999 };
    if (!slice_eq(x->place.node->key, LIT("maxReservedTime")) || count <= 0 || count > MOST)
        return (slice){0};
    return arena_fmt(x->arena, "; %lld days are %lldh", count, 24 * count);
}

/* A number where a duration is expected: quotes alone do not fix it. */
static void explain_duration(struct finding *x)
{
    static const slice durations[] = {
        SLICE("maxReservedTime"), SLICE("compactInterval"), SLICE("compactSpan"),   SLICE("minRetryDuration"),
        SLICE("retryTimeout"),    SLICE("timeAgo"),         SLICE("tikvGCLifeTime")};
    const struct node *n = x->place.node;
    long long count = n->integer;
    if (n->kind == NODE_INT && slice_among(n->key, durations, COUNT(durations)))
        finding_hint(x, "a duration needs a unit: write %lldh, %lldm or %llds%.*s", count, count, count,
                     FMT(days_too(x, count)));
}

/* A number where a size is expected: quotes alone make it bytes. */
static void explain_size(struct finding *x)
{
    const struct node *n = x->place.node;
    if (n->kind == NODE_INT && n->integer > 0 && slice_eq(n->key, LIT("storageSize")))
        finding_hint(x, "a size needs a unit: write %lldGi if GiB are meant", (long long)n->integer);
}

/* `rateLimit: "100MB"`: BR multiplies the number by 1 MiB/s. */
static void explain_rate(struct finding *x)
{
    const struct node *n = x->place.node;
    size_t digits = 0;
    if (!slice_eq(n->key, LIT("rateLimit")) || n->kind != NODE_STRING)
        return;
    while (digits < n->text.n && ascii_is_digit(n->text.p[digits]))
        digits++;
    if (digits == n->text.n)
        return; /* it is right without its quotes */
    static const slice units[] = {SLICE(""),   SLICE("M"),    SLICE("MB"),   SLICE("MiB"),
                                  SLICE("Mi"), SLICE("MB/s"), SLICE("MiB/s")};
    bool known = false;
    for (size_t i = 0; i < COUNT(units); i++)
        known = known || slice_eq_nocase(slice_trim(slice_from(n->text, digits)), units[i]);
    if (!digits || digits > 9 || !known || n->text.p[0] == '0') {
        finding_hint(x, "write a number alone: it counts MiB/s for each TiKV node");
        return;
    }
    finding_edit_plain(x, at_value(n), slice_cut(n->text, 0, digits));
    finding_hint(x, "write %.*s: it counts MiB/s for each TiKV node", FMT(slice_cut(n->text, 0, digits)));
}

/* `br: shop`: the one field that br requires. */
static void explain_cluster(struct finding *x)
{
    const struct node *n = x->place.node;
    if (!slice_eq(n->key, LIT("br")) || n->kind != NODE_STRING || !is_plain_word(n->text))
        return;
    slice block = arena_fmt(x->arena, "{cluster: \"%.*s\"}", FMT(n->text));
    finding_edit_plain(x, at_value(n), block);
    finding_hint(x, "write %.*s", FMT(block));
}

/* `schedule: {cron: ...}` and lists of schedules, as other operators have them. */
static void explain_schedule(struct finding *x)
{
    static const slice names[] = {SLICE("cron"), SLICE("schedule"), SLICE("expression"),
                                  SLICE("cronExpression")};
    const struct node *n = x->place.node;
    if (!slice_eq(n->key, LIT("schedule")))
        return;
    if (n->kind == NODE_ARRAY)
        finding_hint(x, "write one cron expression; every other schedule is a BackupSchedule of its own");
    if (n->kind != NODE_OBJECT)
        return;
    for (const struct node *c = n->first; c; c = c->next) /* pruned: a string has no fields */
        if (c->kind == NODE_STRING && slice_among(c->key, names, COUNT(names)))
            finding_hint(x, "write the expression itself, which is now below %.*s", FMT(c->key));
}

/* `secretName: {name: s3}`, as other resources refer to an object. */
static void explain_reference(struct finding *x)
{
    const struct node *n = x->place.node;
    static const slice references[] = {
        SLICE("secretName"),        SLICE("serviceAccount"),      SLICE("cluster"),
        SLICE("priorityClassName"), SLICE("tlsClientSecretName"), SLICE("storageClassName")};
    if (n->kind != NODE_OBJECT || !slice_among(n->key, references, COUNT(references)))
        return;
    for (const struct node *c = n->first; c; c = c->next) /* pruned: a string has no fields */
        if (c->kind == NODE_STRING && slice_eq(c->key, LIT("name")) && is_plain_word(c->text)) {
            finding_edit(x, at_value(n), c->text);
            finding_hint(x, "write %.*s", FMT(c->text));
        }
}

static bool is_in_list(const struct node *n, slice key)
{
    return n->parent && n->parent->kind == NODE_ARRAY && slice_eq(n->parent->key, key);
}

/* `env: ["TZ=UTC"]`, and `options: [{compression: zstd}]`. */
static void explain_element(struct finding *x)
{
    const struct node *n = x->place.node, *only = n->kind == NODE_OBJECT ? n->first : NULL;
    size_t equals = n->kind == NODE_STRING ? slice_find_char(n->text, '=') : SLICE_NONE;
    slice better = {0};
    if (is_in_list(n, LIT("env")) && equals != SLICE_NONE && is_plain_word(slice_cut(n->text, 0, equals))) {
        struct buf b = buf_new(x->arena, LIMIT_MESSAGE_BYTES);
        buf_fmt(&b, "{name: \"%.*s\", value: ", FMT(slice_cut(n->text, 0, equals)));
        buf_json_text(&b, slice_from(n->text, equals + 1));
        buf_put(&b, LIT("}"));
        better = b.failed ? better : buf_slice(&b);
    } else if (is_in_list(n, LIT("options")) && only && !only->next && only->kind == NODE_STRING &&
               is_plain_word(only->key) && is_plain_word(only->text)) {
        const char *dashes = slice_starts(only->key, LIT("-")) ? "" : "--";
        better = arena_fmt(x->arena, "%s%.*s=%.*s", dashes, FMT(only->key), FMT(only->text));
    }
    if (!better.n)
        return;
    finding_edit_plain(x, at_value(n), better);
    finding_hint(x, "write %.*s", FMT(better));
}

static void explain_type(struct finding *x)
{
    explain_reference(x);
    explain_element(x);
    explain_cluster(x);
    explain_schedule(x);
    explain_rate(x);
    explain_duration(x);
    explain_size(x);
    explain_list(x);
    if (x->place.node->kind == NODE_FLOAT && is_quantity(x->place.node))
        explain_fraction(x);
}

static bool is_member(const struct node *n, slice block, slice key)
{
    return slice_eq(n->key, key) && n->parent && slice_eq(n->parent->key, block);
}

static void explain_enum(struct finding *x)
{
    if (is_member(x->place.node, LIT("s3"), LIT("provider")))
        explain_provider(x);
    else
        foreign_name_explain_value(x);
}

/* The one validation rule of these resources. */
static void explain_validation(struct finding *x)
{
    const struct node *n = x->note_place.node;
    if (slice_eq(n->key, LIT("logStop")) || slice_eq(n->key, LIT("logSubcommand")))
        x->rule = &rule_logstop_and_subcommand;
}

/* The compaction must read where the log is written, but the log's storage may be wrong itself. */
static void explain_difference(const struct findings *f, struct finding *differs)
{
    for (const struct finding *x = f->first; x; x = x->next) {
        if (x->place.node != differs->note_place.node || x->place.kind == PLACE_MISSING)
            continue;
        finding_edit(differs, differs->place, (slice){0});
        finding_hint(differs, "correct logBackupTemplate, then copy it from there");
    }
}

static void explain(struct findings *f, struct finding *x, const struct schema_set *schemas,
                    const struct schema_kind *kind)
{
    if (x->rule == &rule_compact_storage_differs)
        explain_difference(f, x);
    else if (x->rule == &rule_unknown_field)
        explain_unknown(x, schemas, kind);
    else if (x->rule == &rule_schema_required && x->place.kind == PLACE_KEY)
        explain_emptied(x, kind);
    else if (x->rule == &rule_schema_required)
        explain_required(x);
    else if (x->rule == &rule_schema_type)
        explain_type(x);
    else if (x->rule == &rule_schema_pattern)
        explain_quantity(x);
    else if (x->rule == &rule_schema_enum)
        explain_enum(x);
    else if (x->error == FIELD_NOT_SUPPORTED && x->place.kind == PLACE_VALUE)
        foreign_name_explain_value(x);
    else if (x->rule == &rule_schema_validation)
        explain_validation(x);
}

/* ---- each fault once ---- */

/* Returns whether the missing field at `path` is supplied by the move that `unknown` suggests. */
static bool comes_to(const struct finding *unknown, slice path)
{
    slice to = unknown->moved_to;
    if (slice_eq(path, to))
        return true;
    if (to.n > path.n)
        return slice_starts(to, path) && (!path.n || to.p[path.n] == '.');
    if (!slice_starts(path, to) || (to.n && path.p[to.n] != '.'))
        return false;
    const char *below = arena_cstr(unknown->arena, slice_from(path, to.n ? to.n + 1 : 0));
    return node_at(unknown->moved, below);
}

static bool one_comes_to(const struct finding *unknown, slice above, const char *const *names)
{
    for (; *names; names++)
        if (comes_to(unknown, arena_fmt(unknown->arena, "%.*s.%s", FMT(above), *names)))
            return true;
    return false;
}

/* Returns whether the unknown field is the missing one, under another name or at another place. */
static bool is_misspelling_of(const struct finding *unknown, const struct finding *missing)
{
    static const char *const retention[] = {"maxReservedTime", "maxBackups", NULL};
    static const char *const storages[] = {"s3", "gcs", "azblob", "local", NULL};
    static const char *const credentials[] = {"serviceAccount", "br.sendCredToTikv", NULL},
                             *const secret[] = {"secretName", NULL};
    const struct node *there = missing->place.node;
    slice path = node_path(unknown->arena, there);
    if (missing->rule == &rule_no_retention)
        return one_comes_to(unknown, path, retention);
    if (missing->place.kind == PLACE_MISSING && unknown->place.node->parent == there &&
        node_get(unknown->place.node, missing->place.member))
        return true; /* `backup: {schedule: ...}`: in the wrong block */
    if (missing->place.kind == PLACE_MISSING)
        return comes_to(unknown,
                        path.n ? arena_fmt(unknown->arena, "%.*s.%.*s", FMT(path), FMT(missing->place.member))
                               : missing->place.member);
    if (missing->rule == &rule_no_secret_but_sendcred)
        return one_comes_to(unknown, path, secret) ||
               one_comes_to(unknown, node_path(unknown->arena, there->parent), credentials);
    return one_comes_to(unknown, path, storages);
}

static bool is_of_something_missing(const struct finding *x)
{
    return x->place.node && (x->place.kind == PLACE_MISSING || x->rule == &rule_storage_missing ||
                             x->rule == &rule_compact_storage ||
                             (x->rule == &rule_no_secret_but_sendcred && x->place.node->parent));
}

/* A field that is missing because it has another name, or is at another place: the unknown field says it already. */
static bool is_misspelt(const struct findings *f, const struct finding *missing)
{
    if (!is_of_something_missing(missing))
        return false;
    for (const struct finding *x = f->first; x; x = x->next)
        if (x->moved && is_misspelling_of(x, missing))
            return true;
    return false;
}

/* Fields below a value of the wrong type are unknown as well, but the fault is the type. */
static bool is_below_wrong_type(const struct findings *f, const struct finding *unknown)
{
    if (unknown->rule != &rule_unknown_field)
        return false;
    for (const struct finding *x = f->first; x; x = x->next)
        for (const struct node *n = unknown->place.node; n && x->rule == &rule_schema_type; n = n->parent)
            if (x->place.node == n)
                return true;
    return false;
}

/* The folder is there, but behind the bucket's name. */
static bool is_in_bucket(const struct findings *f, const struct finding *missing)
{
    const struct node *there = missing->place.node;
    if (missing->rule != &rule_prefix_missing)
        return false;
    const struct node *block = missing->place.kind == PLACE_MISSING ? there : there->parent;
    for (const struct finding *x = f->first; x; x = x->next)
        if (x->rule == &rule_bucket_style && x->place.node->parent == block)
            return true;
    return false;
}

/* ---- one value in several templates ---- */

/* The template of a schedule that holds the node; NULL: none does. */
static const struct node *template_of(const struct node *n)
{
    static const slice templates[] = {SLICE("backupTemplate"), SLICE("logBackupTemplate"),
                                      SLICE("compactBackupTemplate")};
    while (n && n->parent && n->parent->parent && n->parent->parent->parent)
        n = n->parent;
    return n && n->parent && slice_among(n->key, templates, COUNT(templates)) ? n : NULL;
}

/* Whether it is a warning about a value that the author may well intend, such as a bucket's name. Errors and certain repairs
 * are reported at each place. */
static bool is_of_the_value(const struct findings *f, const struct finding *x)
{
    bool warning = !f->levels || rule_level_of(f->levels, x->rule)->severity[f->context] == SEVERITY_WARNING;
    return warning && !x->edit.text.n && x->place.node && template_of(x->place.node);
}

static bool says_the_same(const struct finding *x, const struct finding *of)
{
    return x->rule == of->rule && slice_eq(x->place.node->key, of->place.node->key) &&
           slice_eq(x->message, of->message) && slice_eq(x->hint, of->hint) &&
           template_of(x->place.node) != template_of(of->place.node);
}

/* Returns the first finding that says the same in another template. */
static struct finding *said_before(const struct findings *f, const struct finding *x)
{
    if (!is_of_the_value(f, x))
        return NULL;
    for (struct finding *first = f->first; first != x; first = first->next)
        if (is_of_the_value(f, first) && says_the_same(x, first))
            return first;
    return NULL;
}

/* Leaves a note about the other places at the first. */
static void note_other_templates(struct findings *f)
{
    for (struct finding *x = f->first; x; x = x->next) {
        struct finding *first = said_before(f, x);
        slice here = first ? template_of(x->place.node)->key : (slice){0};
        if (first && !first->note.n)
            finding_note(first, x->place, "the same in %.*s", FMT(here));
        else if (first && slice_starts(first->note, LIT("the same in ")))
            first->note = arena_fmt(f->arena, "%.*s and %.*s", FMT(first->note), FMT(here));
    }
}

struct dropping {
    const struct findings *all;
    enum context context;
};

/* On admission an unknown field is only a warning, and does not stop the object. */
static bool is_said_already(const struct finding *x, const void *context)
{
    const struct dropping *d = context;
    return is_below_wrong_type(d->all, x) || said_before(d->all, x) ||
           (d->context == CONTEXT_MANIFEST && (is_misspelt(d->all, x) || is_in_bucket(d->all, x)));
}

void rules_explain(struct findings *f, enum context context, const struct schema_set *schemas,
                   const struct schema_kind *kind)
{
    for (struct finding *x = f->first; x; x = x->next)
        explain(f, x, schemas, kind);
    note_other_templates(f);
    struct findings said = findings_new(f->arena);
    const struct dropping dropping = {f, context};
    findings_move(&said, f, is_said_already, &dropping);
}
