/* Old errors and new ones, over every object of every fixture: an error is old when nothing that the update touches
 * could have kept it away, and new when something could. What could is tried, with the values that the fixtures have
 * for a field of that name; no rule is asked what it looks at. */
#include "variation.h"

#include <stdlib.h>
#include <string.h>

enum {
    VALUES_MOST = 200, /* tried for one field */
    EDITS_EACH = 6,    /* random edits of one object */
    REPAIRS_EACH = 10, /* tries to repair what an edit has touched */
};

static unsigned faults;

/* ---- judging ---- */

static const struct verdict *judge(struct arena *a, const struct sample *s, slice text, slice old)
{
    return variation_judge(a, s, CONTEXT_UPDATE, text, old);
}

static size_t count_rule(const struct verdict *v, const struct rule *rule)
{
    size_t count = 0;
    for (size_t i = 0; i < v->diagnostic_count; i++)
        count += v->diagnostics[i].rule == rule;
    return count;
}

static bool has_row(const struct verdict *v, const struct diagnostic *row)
{
    for (size_t i = 0; i < v->diagnostic_count; i++)
        if (v->diagnostics[i].rule == row->rule && slice_eq(v->diagnostics[i].path, row->path))
            return true;
    return false;
}

/* Without a policy. */
static bool denies(const struct rule *rule)
{
    return rule->severity[CONTEXT_UPDATE] == SEVERITY_ERROR;
}

/* Whether a row of `before` is no longer true: not where the rule says the same of another place, nor where something
 * else is wrong instead. */
static bool is_repaired(const struct verdict *before, const struct diagnostic *row,
                        const struct verdict *after)
{
    if (has_row(after, row) || count_rule(after, row->rule) >= count_rule(before, row->rule))
        return false;
    for (size_t i = 0; i < after->diagnostic_count; i++)
        if (denies(after->diagnostics[i].rule) && !has_row(before, &after->diagnostics[i]))
            return false;
    return true;
}

/* The differences of the objects, as `path: before -> after`. */
static void put_differences(struct buf *b, const struct node *before, const struct node *after)
{
    if (before && after && before->kind == after->kind &&
        (before->kind == NODE_OBJECT || before->kind == NODE_ARRAY)) {
        const struct node *n, *m = node_first(after);
        for (n = node_first(before); n; n = node_next(n)) {
            put_differences(b, n, before->kind == NODE_OBJECT ? node_get(after, n->key) : m);
            m = m ? node_next(m) : NULL;
        }
        for (n = before->kind == NODE_OBJECT ? node_first(after) : m; n; n = node_next(n))
            if (before->kind == NODE_ARRAY || !node_get(before, n->key))
                put_differences(b, NULL, n);
    } else if (!before || !after || !node_equal(before, after)) {
        buf_fmt(b, "  %.*s: ", FMT(node_path(b->arena, before ? before : after)));
        buf_put(b, before ? node_value(b->arena, before) : LIT("nothing"));
        buf_put(b, LIT(" -> "));
        buf_put(b, after ? node_value(b->arena, after) : LIT("nothing"));
    }
}

static void fault(struct arena *a, const struct sample *s, const struct diagnostic *row, const char *what,
                  slice before, slice after)
{
    struct buf b = buf_new(a, VARIATION_TEXT_BYTES);
    put_differences(&b, read_object(a, before), read_object(a, after));
    print_error("%s: %s: %.*s [%s]%.*s\n", s->slug, what, FMT(row->path), row->rule->slug,
                FMT(slice_cut(buf_slice(&b), 0, 300)));
    faults++;
}

/* ---- one field at a time ---- */

struct variant {
    bool gone; /* without the field */
    slice text;
    const struct verdict *plain, *update; /* update: NULL unless it is one of those that are looked at */
};

struct variants {
    struct variant items[VALUES_MOST];
    size_t count;
};

/* The object with another value of one field, or without it. */
static void make_variant(struct arena *a, const struct sample *s, unsigned at, const struct node *value,
                         bool look, struct variants *v)
{
    struct strokes e = {.items = {{.at = at, .value = value}}, .count = 1};
    slice text = edited(a, s, &e);
    if (v->count == VALUES_MOST || same_object(a, text, s->text))
        return;
    v->items[v->count++] = (struct variant){!value, text, judge(a, s, text, (slice){0}),
                                            look ? judge(a, s, text, s->text) : NULL};
}

/* A block is there or not; what changes are the values in it. An element of a list stays, or others would move. */
static void make_variants(struct arena *a, const struct sample *s, struct node *const *nodes, unsigned count,
                          unsigned at, struct variants *v)
{
    const struct node *n = nodes[at];
    v->count = 0;
    if (!is_element(n))
        make_variant(a, s, at, NULL, true, v);
    if (is_block(n))
        return;
    for (unsigned i = 0; i < count; i++)
        if (slice_eq(name_of(nodes[i]), name_of(n)) && !is_block(nodes[i]))
            make_variant(a, s, at, nodes[i], false, v);
    for (size_t i = 0; i < value_count; i++)
        if (slice_eq(values[i].name, name_of(n)) && slice_eq(values[i].parent, name_of(n->parent)) &&
            !is_block(values[i].node))
            make_variant(a, s, at, values[i].node, dice(10) == 0, v);
}

/* Of these an old error may count as new: the finding is another one in the same words. The templates' clusters are
 * compared with the first one, who reads commitTs depends on the mode, and where ".." leads on the bucket. */
static bool is_entangled(const struct rule *rule)
{
    static const char *const slugs[] = {"templates-cluster-differ", "tso-implausible", "prefix-traversal"};
    for (size_t i = 0; i < sizeof slugs / sizeof *slugs; i++)
        if (strcmp(rule->slug, slugs[i]) == 0)
            return true;
    return false;
}

static void check_update(struct arena *a, const struct sample *s, const struct diagnostic *row,
                         const struct variant *x, bool matters, bool may_deny)
{
    for (size_t k = 0; k < x->update->diagnostic_count; k++) {
        const struct diagnostic *now = &x->update->diagnostics[k];
        if (now->rule != row->rule || !slice_eq(now->path, row->path))
            continue;
        if (matters && now->ratcheted)
            fault(a, s, now, "one bad value follows another", s->text, x->text);
        if (!may_deny && !now->ratcheted && denies(now->rule) && !is_entangled(now->rule) &&
            slice_eq(now->message, row->message))
            fault(a, s, now, "not this update's doing", s->text, x->text);
    }
}

static void check_field(struct arena *a, const struct sample *s, const struct verdict *whole,
                        const struct node *field, const struct variants *v)
{
    for (size_t r = 0; r < whole->diagnostic_count; r++) {
        const struct diagnostic *row = &whole->diagnostics[r];
        bool own = slice_eq(row->path, node_path(a, field)), value_matters = own, matters = own;
        for (size_t i = 0; i < v->count; i++) {
            bool repaired = is_repaired(whole, row, v->items[i].plain);
            matters = matters || repaired;
            value_matters = value_matters || (repaired && !v->items[i].gone);
        }
        for (size_t i = 0; i < v->count; i++)
            if (v->items[i].update)
                check_update(a, s, row, &v->items[i], v->items[i].gone ? matters : value_matters,
                             matters || is_block(field));
    }
}

static void test_each_field(void **state)
{
    static struct variants variants;
    struct arena *a = *state;
    faults = 0;
    for (size_t i = 0; i < sample_count; i++) {
        arena_reset(a);
        struct node *nodes[VARIATION_NODES], *root = read_object(a, samples[i].text);
        unsigned count = list_nodes(root, nodes);
        const struct verdict *whole = judge(a, &samples[i], samples[i].text, (slice){0});
        for (unsigned n = 1; whole->diagnostic_count && n < count; n++) {
            make_variants(a, &samples[i], nodes, count, n, &variants);
            check_field(a, &samples[i], whole, nodes[n], &variants);
        }
    }
    assert_int_equal(faults, 0);
}

/* ---- several fields at once ---- */

/* Whatever is put where the update has put something, what is old must stay wrong. */
static void check_edit(struct arena *a, const struct sample *s, struct node *const *nodes, unsigned count,
                       struct strokes e)
{
    slice text = edited(a, s, &e);
    const struct verdict *update = judge(a, s, text, s->text);
    for (int i = 0; i <= REPAIRS_EACH && update->warnings; i++) {
        slice repaired = i ? edited(a, s, &e) : s->text;
        const struct verdict *plain = judge(a, s, repaired, (slice){0});
        for (size_t r = 0; r < update->diagnostic_count; r++) {
            if (!update->diagnostics[r].ratcheted || !is_repaired(update, &update->diagnostics[r], plain))
                continue;
            fault(a, s, &update->diagnostics[r], "passes for old, and this would have repaired it", s->text,
                  text);
            fault(a, s, &update->diagnostics[r], "  the repair", s->text, repaired);
            return;
        }
        for (size_t k = 0; k < e.count; k++)
            throw_value(nodes, count, &e.items[k]);
    }
}

static void test_several_fields(void **state)
{
    struct arena *a = *state;
    faults = 0;
    for (size_t i = 0; i < sample_count; i++) {
        for (int k = 0; k < EDITS_EACH; k++) {
            arena_reset(a);
            struct node *nodes[VARIATION_NODES], *root = read_object(a, samples[i].text);
            unsigned count = list_nodes(root, nodes);
            if (count)
                check_edit(a, &samples[i], nodes, count, throw_edits(a, &samples[i], nodes, count));
        }
    }
    assert_int_equal(faults, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_field),
        cmocka_unit_test(test_several_fields),
    };
    return variation_run(argc, argv, "rules: {all: error}\n", tests, COUNT(tests));
}
