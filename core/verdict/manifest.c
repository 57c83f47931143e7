/* Judging a stream of documents as its author sees it. */
#include "judge.h"

#include "defaults.h"
#include "position.h"
#include "suggest.h"
#include "verdict_rules.h"

static slice text_at(const struct node *root, const char *path)
{
    const struct node *n = node_at(root, path);
    return n && n->kind == NODE_STRING ? n->text : (slice){0};
}

/* Without apiVersion a kind of ours is one by its name, which nobody else has, or by what only ours hold. */
static bool lacks_version(const struct verdict *v)
{
    if (!v->root || node_get(v->root, LIT("apiVersion")))
        return false;
    if (slice_eq(v->kind, LIT("Backup")))
        return node_at(v->root, "spec.br") != NULL;
    return slice_eq(v->kind, LIT("BackupSchedule")) || slice_eq(v->kind, LIT("CompactBackup"));
}

/* `name` stands in the object in another case, as which nobody reads it. */
static bool blame_case(struct judging *j, struct verdict *v, slice name)
{
    for (const struct node *n = node_first(v->root); n; n = node_next(n)) {
        if (!slice_eq_nocase(n->key, name) || slice_eq(n->key, name))
            continue;
        struct finding *x = finding_at(j->findings, &rule_api_version, FIELD_NONE, at_key(n),
                                       "%.*s is not %.*s: case matters", FMT(n->key), FMT(name));
        finding_edit(x, at_key(n), name);
        finding_hint(x, "write %.*s", FMT(name));
        v->status = VERDICT_BROKEN;
        return true;
    }
    return false;
}

/* apiVersion is missing, empty or no version of any group. */
static void blame_version(struct judging *j, struct verdict *v)
{
    const struct node *n = node_get(v->root, LIT("apiVersion"));
    struct finding *x;
    if (v->api_version.n) {
        x = finding_at(j->findings, &rule_api_version, FIELD_NONE, at_value(n), "unknown apiVersion \"%.*s\"",
                       FMT(v->api_version));
    } else if (!n && blame_case(j, v, LIT("apiVersion"))) {
        return;
    } else {
        x = finding_at(j->findings, &rule_api_version, FIELD_REQUIRED,
                       n ? at_value(n) : at_missing(v->root, LIT("apiVersion")), "");
    }
    finding_hint(x, "write br.pingcap.com/v1alpha1, or pingcap.com/v1alpha1 for TiDB Operator v1");
    v->status = VERDICT_BROKEN;
}

/* Another kind, or ours misspelt? Kinds of that name exist in other groups too (velero.io has a Backup). */
static void judge_unknown(struct judging *j, struct verdict *v)
{
    static const slice versions[] = {SLICE("br.pingcap.com/v1alpha1"), SLICE("pingcap.com/v1alpha1")};
    static const slice kinds[] = {SLICE("Backup"), SLICE("BackupSchedule"), SLICE("CompactBackup")};
    static const slice others[] = {SLICE("Restore"), SLICE("TiBR"), SLICE("TiBRGC")};
    slice version = suggest_nearest(v->api_version, versions, 2);
    if (!version.n && slice_find(v->api_version, LIT("br.pingcap.com")) != SLICE_NONE)
        version = versions[0];
    slice kind = suggest_nearest(v->kind, kinds, 3);
    bool ours_exactly = version.n && slice_eq(version, v->api_version);
    for (size_t i = 0; i < 3; i++)
        if (slice_eq(v->kind, others[i]))
            kind = (slice){0};
    v->status = VERDICT_SKIPPED;
    if (!version.n && slice_eq(v->kind, kind) && node_get(v->root, LIT("apiVersion")) &&
        slice_find_char(v->api_version, '/') == SLICE_NONE)
        blame_version(j, v); /* Kubernetes' own group, which has no slash, has no kind of that name */
    if (!version.n || (v->kind.n && !kind.n))
        return;
    struct finding *x;
    const char *missing = ours_exactly ? "kind" : "apiVersion";
    const struct node *n = node_get(v->root, slice_of(missing));
    if (!ours_exactly) {
        x = finding_at(j->findings, &rule_api_version, FIELD_NONE, at_value(n), "unknown apiVersion \"%.*s\"",
                       FMT(v->api_version));
        finding_hint(x, "did you mean %.*s?", FMT(version));
        finding_edit(x, at_value(n), version);
    } else if (n) {
        x = finding_at(j->findings, &rule_api_version, FIELD_NONE, at_value(n), "unknown kind \"%.*s\"",
                       FMT(v->kind));
        finding_hint(x, "did you mean %.*s?", FMT(kind));
        finding_edit(x, at_value(n), kind);
    } else if (blame_case(j, v, LIT("kind"))) {
        return;
    } else {
        x = finding_at(j->findings, &rule_api_version, FIELD_REQUIRED, at_missing(v->root, LIT("kind")), "");
        finding_hint(x, "write Backup, BackupSchedule or CompactBackup");
    }
    v->status = VERDICT_BROKEN;
}

struct shown_in {
    slice bytes;
    const struct document *document;
};

static bool is_shown_in(const struct finding *x, const void *context)
{
    const struct shown_in *in = context;
    const struct document *d = in->document;
    uint32_t at, to;
    place_span(x->place, in->bytes, &at,
               &to); /* what is missing at the end of the text shows at its last byte */
    return at >= d->at && at < (d->end > d->at ? d->end : d->at + 1);
}

static void describe(struct verdict *v)
{
    v->api_version = text_at(v->root, "apiVersion");
    v->kind = text_at(v->root, "kind");
    v->namespace = text_at(v->root, "metadata.namespace");
    v->name = text_at(v->root, "metadata.name");
    if (!v->name.n)
        v->name = text_at(v->root, "metadata.generateName");
}

static struct verdict *judge_document(struct judging *j, const struct document *d,
                                      const struct suppressions *in_text)
{
    struct verdict *v = ARENA_NEW(j->arena, struct verdict);
    v->root = d->root;
    v->at = d->at;
    v->end = d->end;
    v->number = d->number;
    describe(v);
    const struct schema_kind *kind = schema_find(v->api_version, v->kind);
    struct suppressions *in_object = ARENA_NEW(j->arena, struct suppressions);
    v->allowed = in_object;
    if (!d->root) {
        v->status = VERDICT_BROKEN;
    } else if (!kind) {
        if (lacks_version(v))
            blame_version(j, v);
        else
            judge_unknown(j, v);
    } else {
        v->object = judge_schema(j, kind, d->root);
        judge_rules(j, v->object, NULL);
        *in_object = suppressions_in_annotations(j->arena, v->object);
    }
    if (v->status != VERDICT_SKIPPED)
        judge_close(j, in_object, in_text, v);
    return v;
}

static void count(struct stream_verdict *s, const struct verdict *v)
{
    s->count++;
    s->skipped += v->status == VERDICT_SKIPPED;
    s->errors += v->errors;
    s->warnings += v->warnings;
    for (const struct suppressed *x = v->suppressed; x; x = x->next)
        s->suppressed++;
}

struct manifest {
    const struct gate *gate;
    struct arena *arena;
    slice bytes;
    int64_t now;
    const struct stream_verdict *result;
};

static void judge_manifest(void *context)
{
    struct manifest *m = context;
    const struct gate *g = m->gate;
    struct arena *a = m->arena;
    slice bytes = m->bytes;
    struct stream_verdict *result = ARENA_NEW(a, struct stream_verdict);
    struct verdict **end = &result->first;
    struct findings unplaced = findings_new(a);
    const struct stream *stream = stream_read(a, bytes, &unplaced);
    struct judging j = {.gate = g,
                        .arena = a,
                        .scratch = regex_scratch_new(a),
                        .context = CONTEXT_MANIFEST,
                        .now = m->now,
                        .bytes = bytes};
    j.lines = line_table_new(a, bytes);
    struct suppressions *in_text = ARENA_NEW(a, struct suppressions);
    *in_text = suppressions_in_text(a, bytes, j.lines);
    result->bytes = bytes;
    result->lines = j.lines;
    result->allowed = in_text;
    for (const struct document *d = stream->first; d; d = d->next) {
        struct findings found = judge_findings(g, a, CONTEXT_MANIFEST);
        /* Items of a List share their List's bytes: the innermost one takes the reader's finding. */
        findings_move(&found, &unplaced, is_shown_in, &(struct shown_in){bytes, d});
        j.findings = &found;
        *end = judge_document(&j, d, in_text);
        count(result, *end);
        end = &(*end)->next;
    }
    if (unplaced.first) { /* faults outside every document: of the stream itself */
        struct verdict *v = ARENA_NEW(a, struct verdict);
        v->status = VERDICT_BROKEN;
        j.findings = &unplaced;
        judge_close(&j, &(struct suppressions){0}, &(struct suppressions){0}, v);
        *end = v;
        count(result, v);
    }
    m->result = result;
}

const struct stream_verdict *verdict_manifest(const struct gate *g, struct arena *a, slice bytes, int64_t now)
{
    struct manifest m = {.gate = g, .arena = a, .bytes = bytes, .now = now};
    return arena_run(a, judge_manifest, &m) ? m.result : NULL;
}

struct defaulting {
    const struct gate *gate;
    struct arena *arena;
    struct verdict *verdict;
};

static void fill_defaults(void *context)
{
    struct defaulting *d = context;
    struct verdict *v = d->verdict;
    if (v->object)
        defaults_apply(d->arena, d->gate->policy.defaults, v->object, v->root, NULL);
}

bool verdict_default(const struct gate *g, struct arena *a, struct verdict *v)
{
    return arena_run(a, fill_defaults, &(struct defaulting){g, a, v});
}
