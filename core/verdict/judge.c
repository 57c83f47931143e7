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
    for (size_t r = 0; r < rule_count(); r++) {
        struct rule_level *level = rule_levels_add(&g->levels, rule_at(r));
        level->number = (uint16_t)r;
        for (unsigned c = 0; c < CONTEXT_COUNT; c++)
            level->severity[c] = (uint8_t)policy_severity(policy, r, (enum context)c);
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
    f.levels = &g->levels;
    f.context = context;
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
    j->kind = kind;
    if (j->context == CONTEXT_MANIFEST)
        rules_mark_placeholders(root);
    schema_apply(&run, kind->schema, root);
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
    rules_explain(j->findings, j->context, j->kind);
}

/* ---- rows ---- */

/* The keys of a document may have megabytes, and each row tells its path. */
static slice path_of(struct arena *a, const struct place *p)
{
    slice path = p->node ? node_path(a, p->node) : (slice){0};
    if (p->kind == PLACE_MISSING)
        path = path.n ? arena_fmt(a, "%.*s.%.*s", FMT(path), FMT(p->member)) : p->member;
    return utf8_cut(path, LIMIT_MESSAGE_BYTES);
}

static enum severity severity_of(const struct judging *j, const struct rule *rule)
{
    return (enum severity)rule_level_of(&j->gate->levels, rule)->severity[j->context];
}

static struct row row_of(const struct judging *j, const struct finding *x)
{
    struct row r = {
        .rule = x->rule,
        .severity = severity_of(j, x->rule),
        .error = x->error,
        .path = path_of(j->arena, &x->place),
        .message = x->message,
        .hint = x->hint,
        .suggested = x->edit.text,
        .note = x->note,
    };
    if (j->bytes.n) {
        place_span(x->place, j->bytes, &r.from, &r.to);
        if (x->note.n)
            place_span(x->note_place, j->bytes, &r.note_from, &r.note_to);
    } else if (x->place.node) { /* sorts a change's findings in the order of the object's members */
        r.from = r.to = x->place.node->at;
    }
    return r;
}

static int row_order(const void *p, const void *q)
{
    const struct row *a = p, *b = q;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    int order = strcmp(a->rule->slug, b->rule->slug);
    if (!order)
        order = slice_cmp(a->path, b->path);
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

static void collect(struct collector *c, const struct findings *f)
{
    for (const struct finding *x = f->first; x; x = x->next) {
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
