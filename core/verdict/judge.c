/* Judging one object: schema, model, rules, rows. */
#include "judge.h"

#include "ceilings.h"
#include "json_memory.h"
#include "utf8.h"

#include <stdlib.h>

enum { SCHEMAS_BYTES = 64 << 20 };

static void load_schemas(void *gate)
{
    struct gate *g = gate;
    g->schemas = schema_set_builtin(g->arena);
}

struct gate *gate_open(const struct policy *policy)
{
    struct gate *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    json_memory_install();
    g->policy = *policy;
    for (unsigned c = 0; c < CONTEXT_COUNT; c++)
        for (unsigned r = 0; r < RULE_COUNT; r++) {
            enum severity severity = policy_severity(policy, (enum rule_id)r, (enum context)c);
            g->silent[c][r] = severity == SEVERITY_OFF;
            g->denies[c][r] = severity == SEVERITY_ERROR;
        }
    g->arena = arena_new(SCHEMAS_BYTES);
    if (g->arena && arena_run(g->arena, load_schemas, g))
        return g;
    gate_close(g);
    return NULL;
}

void gate_close(struct gate *g)
{
    if (g)
        arena_free(g->arena);
    free(g);
}

struct findings judge_findings(const struct gate *g, struct arena *a, enum context context)
{
    struct findings f = findings_new(a);
    f.silent = g->silent[context];
    f.denies = g->denies[context];
    return f;
}

static enum api_group group_of(const struct schema_kind *kind)
{
    return slice_eq(kind->group, LIT("br.pingcap.com")) ? GROUP_BR : GROUP_PINGCAP;
}

static enum object_kind kind_of(const struct schema_kind *kind)
{
    if (slice_eq(kind->kind, LIT("Backup")))
        return KIND_BACKUP;
    return slice_eq(kind->kind, LIT("BackupSchedule")) ? KIND_BACKUP_SCHEDULE : KIND_COMPACT_BACKUP;
}

const struct object *judge_schema(struct judging *j, const struct schema_kind *kind, struct node *root)
{
    struct schema_run run = {j->arena, j->findings, j->gate->schemas, j->scratch};
    schema_prune(&run, kind->schema, root);
    rules_explain_unknown(j->arena, j->findings, kind);
    schema_drop_nulls(kind->schema, root);
    schema_default(&run, kind->schema, root);
    if (j->context == CONTEXT_MANIFEST)
        rules_mark_placeholders(j->arena, j->findings, root);
    schema_check(&run, kind->schema, root);
    rules_explain_values(j->arena, j->findings, kind);
    return object_decode(j->arena, group_of(kind), kind_of(kind), root);
}

const struct object *judge_stored(struct judging *j, const struct schema_kind *kind, struct node *root)
{
    struct schema_run run = {j->arena, j->findings, j->gate->schemas, j->scratch};
    schema_default(&run, kind->schema, root);
    return object_decode(j->arena, group_of(kind), kind_of(kind), root);
}

void judge_rules(struct judging *j, const struct object *object, const struct object *old)
{
    struct rule_run run = {j->arena, j->findings, j->context, j->now, object, old};
    rules_judge(&run);
    if (j->context == CONTEXT_CREATE || j->context == CONTEXT_UPDATE)
        rules_report_placeholders(j->arena, j->findings, object->root);
}

/* ---- rows ---- */

/* The keys of a document may have megabytes, and each row tells its path. */
static slice path_of(struct arena *a, const struct finding *x)
{
    slice path = x->node ? node_path(a, x->node) : (slice){0};
    if (x->child.n)
        path = path.n ? arena_fmt(a, "%.*s.%.*s", FMT(path), FMT(x->child)) : x->child;
    return utf8_cut(path, LIMIT_MESSAGE_BYTES);
}

static struct row row_of(const struct judging *j, const struct finding *x)
{
    struct row r = {
        .rule = x->rule,
        .severity = policy_severity(&j->gate->policy, x->rule, j->context),
        .error = x->error,
        .path = path_of(j->arena, x),
        .message = x->message,
        .hint = x->hint,
        .suggested = x->suggested,
        .note = x->note,
    };
    if (j->bytes.n) {
        finding_span(x, j->bytes, &r.from, &r.to);
        if (x->note.n) {
            struct finding note = {.node = x->note_node,
                                   .at_key = true,
                                   .from = x->note_node ? 0 : x->note_from,
                                   .to = x->note_node ? 0 : x->note_to};
            finding_span(&note, j->bytes, &r.note_from, &r.note_to);
        }
    } else if (x->node) { /* sorts a change's findings in the order of the object's members */
        r.from = r.to = x->node->at;
    }
    return r;
}

int row_order(const void *p, const void *q)
{
    const struct row *a = p, *b = q;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    if (a->rule != b->rule)
        return a->rule < b->rule ? -1 : 1;
    int order = slice_cmp(a->path, b->path);
    return order ? order : slice_cmp(a->message, b->message);
}

bool row_same_text(const struct row *a, const struct row *b)
{
    return a->rule == b->rule && slice_eq(a->path, b->path) && slice_eq(a->message, b->message);
}

static void note_suppressed(struct judging *j, struct verdict *v, const struct row *row,
                            const struct suppression *s)
{
    struct suppressed *used = ARENA_NEW(j->arena, struct suppressed);
    *used = (struct suppressed){v->suppressed, row->rule, row->path, s->reason};
    v->suppressed = used;
}

struct collector {
    struct judging *judging;
    const struct suppressions *in_object, *in_text;
    struct verdict *verdict;
    struct row *rows;
    size_t count;
};

/* Whether the name that the unknown field was meant to have is what is missing. */
static bool was_meant(const struct finding *unknown, const struct finding *missing)
{
    static const slice storages[] = {SLICE("s3"), SLICE("gcs"), SLICE("azblob"), SLICE("local")};
    const struct node *parent = unknown->node->parent, *there = missing->node;
    slice name = unknown->suggested;
    if (!name.n || !parent || !there)
        return false;
    if (missing->child.n)
        return parent == there && slice_eq(name, missing->child);
    if (missing->rule == RULE_storage_missing)
        for (size_t i = 0; i < sizeof storages / sizeof *storages; i++)
            if (parent == there && slice_eq(name, storages[i]))
                return true;
    return missing->rule == RULE_no_secret_but_sendcred &&
           ((parent == there && slice_eq(name, LIT("secretName"))) ||
            (parent == there->parent && slice_eq(name, LIT("serviceAccount"))) ||
            (parent->parent == there->parent && slice_eq(name, LIT("sendCredToTikv"))));
}

/* A field that is missing because its name is misspelt: the unknown field says it already. On admission that
 * is only a warning, and does not stop the object. */
static bool misspelt(const struct findings *f, const struct finding *missing)
{
    if (!missing->child.n && missing->rule != RULE_storage_missing &&
        missing->rule != RULE_no_secret_but_sendcred)
        return false;
    for (const struct finding *x = f->first; x; x = x->next)
        if (x->rule == RULE_unknown_field && x->node && was_meant(x, missing))
            return true;
    return false;
}

/* What stands below a value of the wrong type is unknown as well, but the type is what is wrong. */
static bool below_wrong_type(const struct findings *f, const struct finding *unknown)
{
    if (unknown->rule != RULE_unknown_field || !unknown->node || !unknown->node->parent)
        return false;
    for (const struct finding *x = f->first; x; x = x->next)
        if (x->rule == RULE_schema_type && x->node == unknown->node->parent)
            return true;
    return false;
}

static void collect(struct collector *c, const struct findings *f)
{
    for (const struct finding *x = f->first; x; x = x->next) {
        if (below_wrong_type(f, x) || (c->judging->context == CONTEXT_MANIFEST && misspelt(f, x)))
            continue;
        struct row row = row_of(c->judging, x);
        if (row.severity == SEVERITY_OFF)
            continue;
        const struct suppression *s = suppression_for(c->in_object, &row, c->judging->lines);
        if (!s)
            s = suppression_for(c->in_text, &row, c->judging->lines);
        if (s)
            note_suppressed(c->judging, c->verdict, &row, s);
        else
            c->rows[c->count++] = row;
    }
}

void judge_close(struct judging *j, const struct suppressions *in_object, const struct suppressions *in_text,
                 struct verdict *v)
{
    struct findings about = judge_findings(j->gate, j->arena, j->context); /* the suppressions themselves */
    struct collector c = {.judging = j, .in_object = in_object, .in_text = in_text, .verdict = v};
    /* What the suppressions themselves get wrong is known only when all that they silence has been seen. */
    c.rows =
        ARENA_ARRAY(j->arena, struct row,
                    j->findings->count + suppressions_count(in_object, v) + suppressions_count(in_text, v));
    collect(&c, j->findings);
    suppressions_report(in_object, v, &about);
    suppressions_report(in_text, v, &about);
    collect(&c, &about);
    qsort(c.rows, c.count, sizeof *c.rows, row_order);
    for (size_t i = 0; i < c.count; i++)
        if (v->row_count == 0 || c.rows[v->row_count - 1].from != c.rows[i].from ||
            !row_same_text(&c.rows[v->row_count - 1], &c.rows[i]))
            c.rows[v->row_count++] = c.rows[i];
    for (size_t i = 0; i < v->row_count; i++) {
        v->errors += c.rows[i].severity == SEVERITY_ERROR;
        v->warnings += c.rows[i].severity == SEVERITY_WARNING;
    }
    v->rows = c.rows;
    v->dropped = j->findings->dropped;
}
