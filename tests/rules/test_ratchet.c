/* Old errors and new ones, over every object of every fixture: an error is old when nothing that the update touches
 * could have kept it away, and new when something could. What could is tried, with the values that the fixtures have
 * for a field of that name; no rule is asked what it looks at. */
#include "check.h"

#include "fixtures.h"
#include "schema.h"

#include <stdlib.h>
#include <string.h>

enum {
    ARENA_BYTES = 1 << 28,
    TEXT_BYTES = 1 << 20,
    MOST_NODES = 400,
    MOST_OBJECTS = 2000,
    MOST_VALUES = 6000,
    VALUES_MOST = 200, /* tried for one field */
    EDITS_EACH = 6,    /* random edits of one object */
    REPAIRS_EACH = 10, /* tries to repair what an edit has touched */
};

static struct arena *kept; /* fixtures and the pool of values */
static struct gate *gate;  /* every rule is an error */
static unsigned faults;

/* ---- dice: a seed gives the same edits everywhere ---- */

static uint64_t dice_state;

static unsigned dice(unsigned below)
{
    dice_state ^= dice_state >> 12, dice_state ^= dice_state << 25, dice_state ^= dice_state >> 27;
    return (unsigned)((dice_state * UINT64_C(0x2545f4914f6cdd1d) >> 33) % below);
}

/* ---- objects ---- */

struct sample {
    const char *slug;
    slice text; /* JSON */
    const struct schema_kind *kind;
};

static struct sample samples[MOST_OBJECTS];
static size_t sample_count;

static const struct schema_kind *kind_of(const struct node *root)
{
    const struct node *version = node_get(root, LIT("apiVersion")), *kind = node_get(root, LIT("kind"));
    return version && kind && version->kind == NODE_STRING && kind->kind == NODE_STRING
               ? schema_find(version->text, kind->text)
               : NULL;
}

static slice json_of(struct arena *a, const struct node *root)
{
    struct buf b = buf_new(a, TEXT_BYTES);
    node_put_json(&b, root, false);
    assert_false(b.failed);
    return buf_slice(&b);
}

static struct node *read_object(struct arena *a, slice text)
{
    struct findings f = findings_new(a);
    struct node *root = json_read(a, text, &f);
    assert_non_null(root);
    return root;
}

/* The text of an object as the API server keeps it: without what the schema does not know, with its defaults. */
static slice as_stored(struct arena *a, const struct schema_kind *kind, struct node *root)
{
    const struct change change = {.context = CONTEXT_UPDATE, .kind = kind, .object = root};
    verdict_change(gate, a, &change, false, FIXTURE_NOW);
    return json_of(a, root);
}

/* Members may be in another order. */
static bool same_object(struct arena *a, slice x, slice y)
{
    return node_equal(read_object(a, x), read_object(a, y));
}

/* ---- values: what the fixtures have for a field of a name ---- */

struct value {
    slice parent, name; /* of an element: the list's name, twice */
    const struct node *node;
};

static struct value values[MOST_VALUES];
static size_t value_count;

static slice name_of(const struct node *n)
{
    return !n ? (slice){0} : n->parent && n->parent->kind == NODE_ARRAY ? n->parent->key : n->key;
}

static void keep_values(const struct node *n)
{
    struct value v = {name_of(n->parent), name_of(n), n};
    bool known = !n->parent || !n->parent->parent;
    for (size_t i = 0; i < value_count && !known; i++)
        known = slice_eq(values[i].name, v.name) && slice_eq(values[i].parent, v.parent) &&
                node_equal(values[i].node, n);
    if (!known) {
        assert_true(value_count < MOST_VALUES);
        values[value_count++] = v;
    }
    for (const struct node *c = node_first(n); c; c = node_next(c))
        keep_values(c);
}

/* One for a member of that name (empty: of any name) in a block of that name; NULL when there is none. */
static const struct value *value_for(slice parent, slice name)
{
    for (size_t i = 0, at = dice((unsigned)value_count); i < value_count; i++, at = (at + 1) % value_count)
        if (slice_eq(values[at].parent, parent) && (!name.n || slice_eq(values[at].name, name)))
            return &values[at];
    return NULL;
}

/* ---- edits ---- */

/* Replaces the value of the `at`th node of an object, or removes it (no value); with a name adds a member to it. */
struct stroke {
    unsigned at;
    slice add;
    const struct node *value;
    bool moves; /* it adds or removes something: what repairs it may as well */
};

struct strokes {
    struct stroke items[3];
    size_t count;
};

static unsigned list_from(struct node *n, struct node **ret, unsigned count)
{
    assert_true(count < MOST_NODES);
    ret[count++] = n;
    for (struct node *c = node_first(n); c; c = node_next(c))
        count = list_from(c, ret, count);
    return count;
}

/* The spec and all below it. */
static unsigned list_nodes(const struct node *root, struct node **ret)
{
    struct node *spec = node_get(root, LIT("spec"));
    return spec ? list_from(spec, ret, 0) : 0;
}

static void set_value(struct arena *a, struct node *n, const struct node *value)
{
    struct node *copy = node_copy(a, value, 0);
    copy->parent = n->parent;
    copy->next = n->next;
    copy->key = n->key;
    *n = *copy;
    for (struct node *c = n->kind == NODE_OBJECT || n->kind == NODE_ARRAY ? n->first : NULL; c; c = c->next)
        c->parent = n;
}

static slice edited(struct arena *a, const struct sample *s, const struct strokes *e)
{
    struct node *nodes[MOST_NODES], *root = read_object(a, s->text);
    list_nodes(root, nodes);
    for (size_t i = 0; i < e->count; i++) {
        struct node *n = nodes[e->items[i].at];
        if (e->items[i].add.n && e->items[i].value) {
            struct node *member = node_copy(a, e->items[i].value, 0);
            member->key = e->items[i].add;
            if (n->kind == NODE_OBJECT && !node_get(n, member->key))
                node_append(n, member);
        } else if (e->items[i].value) {
            set_value(a, n, e->items[i].value);
        } else if (!e->items[i].add.n) {
            n->flags |= NODE_SHADOWED;
        }
    }
    return as_stored(a, s->kind, read_object(a, json_of(a, root)));
}

/* ---- judging ---- */

static const struct verdict *judge(struct arena *a, const struct sample *s, slice text, slice old)
{
    struct change change = {.context = CONTEXT_UPDATE, .kind = s->kind, .object = read_object(a, text)};
    if (old.n)
        change.old_object = read_object(a, old);
    return verdict_change(gate, a, &change, false, FIXTURE_NOW);
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

/* Where the objects differ, as `path: before -> after`. */
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
    struct buf b = buf_new(a, TEXT_BYTES);
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

static bool is_element(const struct node *n)
{
    return n->parent && n->parent->kind == NODE_ARRAY;
}

static bool is_block(const struct node *n)
{
    return n->kind == NODE_OBJECT || n->kind == NODE_ARRAY;
}

/* One for this field: of the fixtures, or of another field of its name in this object, which it may have to match. */
static const struct node *other_value(struct node *const *nodes, unsigned count, const struct node *n)
{
    if (dice(2))
        for (unsigned i = 0, at = dice(count); i < count; i++, at = (at + 1) % count)
            if (nodes[at] != n && slice_eq(name_of(nodes[at]), name_of(n)) && !is_block(nodes[at]))
                return nodes[at];
    const struct value *v = value_for(name_of(n->parent), name_of(n));
    return v ? v->node : NULL;
}

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
        struct node *nodes[MOST_NODES], *root = read_object(a, samples[i].text);
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

/* Any value for the field of an edit, its own included, or none; a block as it is, or none. */
static void throw_value(struct node *const *nodes, unsigned count, struct stroke *e)
{
    const struct node *n = nodes[e->at];
    const struct value *member = e->add.n ? value_for(name_of(n), e->add) : NULL;
    if (e->add.n)
        e->value = member ? member->node : NULL;
    else
        e->value = is_block(n) ? n : other_value(nodes, count, n);
    if (!e->value && !e->add.n)
        e->value = n;
    if (e->moves && dice(4) == 0)
        e->value = NULL;
}

/* One that makes a difference to what is stored; false when the dice find none. */
static bool throw_edit(struct arena *a, const struct sample *s, struct node *const *nodes, unsigned count,
                       struct stroke *e)
{
    *e = (struct stroke){.at = dice(count)};
    const struct node *n = nodes[e->at];
    const struct value *member = dice(3) ? NULL : value_for(name_of(n), (slice){0});
    if (member && n->kind == NODE_OBJECT && !node_get(n, member->name))
        e->add = member->name;
    e->moves = e->add.n || !is_element(n);
    throw_value(nodes, count, e);
    e->moves = e->add.n || !e->value;
    struct strokes alone = {.items = {*e}, .count = 1};
    return !same_object(a, edited(a, s, &alone), s->text);
}

static bool touches_again(const struct strokes *e)
{
    for (size_t i = 0; i < e->count; i++)
        if (e->items[i].at == e->items[e->count].at)
            return true;
    return false;
}

static struct strokes throw_edits(struct arena *a, const struct sample *s, struct node *const *nodes,
                                  unsigned count)
{
    struct strokes e = {0};
    for (unsigned i = 0, most = 1 + dice(3); i < most; i++)
        if (throw_edit(a, s, nodes, count, &e.items[e.count]))
            e.count += !touches_again(&e);
    return e;
}

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
            struct node *nodes[MOST_NODES], *root = read_object(a, samples[i].text);
            unsigned count = list_nodes(root, nodes);
            if (count)
                check_edit(a, &samples[i], nodes, count, throw_edits(a, &samples[i], nodes, count));
        }
    }
    assert_int_equal(faults, 0);
}

/* ---- setting up ---- */

static void keep_samples(const struct fixture *f, slice manifest)
{
    if (strcmp(f->slug, "too-many-findings") == 0) /* which is never old */
        return;
    struct findings unread = findings_new(kept);
    for (const struct document *d = stream_read(kept, manifest, &unread)->first; d; d = d->next) {
        const struct schema_kind *kind = d->root ? kind_of(d->root) : NULL;
        if (!kind)
            continue;
        assert_true(sample_count < MOST_OBJECTS);
        slice text = as_stored(kept, kind, d->root);
        keep_values(read_object(kept, text));
        if (f->side == FIRES)
            samples[sample_count++] = (struct sample){f->slug, text, kind};
    }
}

static int set_up(void **state)
{
    static struct policy policy;
    struct error error;
    struct arena *a = arena_new(ARENA_BYTES);
    kept = arena_new(ARENA_BYTES);
    if (!a || !kept)
        return -1;
    policy_set(&policy, LIT("all"), POLICY_ERROR, &error);
    gate = gate_open(&policy);
    struct fixtures all = fixtures_read(kept, NULL, 0);
    for (size_t i = 0; i < all.count; i++) {
        keep_samples(&all.items[i], all.items[i].manifest);
        keep_samples(&all.items[i], all.items[i].old);
    }
    *state = a;
    return gate ? 0 : -1;
}

static int tear_down(void **state)
{
    gate_close(gate);
    arena_free(kept);
    arena_free(*state);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_field),
        cmocka_unit_test(test_several_fields),
    };
    dice_state = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
