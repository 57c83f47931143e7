#include "variation.h"

#include "builtin_schemas.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_OBJECTS = 2000, MOST_VALUES = 6000, ARENA_BYTES = 1 << 28 };

static const struct gate *gate;

/* ---- dice: a seed gives the same edits everywhere ---- */

static uint64_t dice_state;

void variation_seed(uint64_t seed)
{
    dice_state = seed ? seed : 1;
}

unsigned dice(unsigned below)
{
    dice_state ^= dice_state >> 12, dice_state ^= dice_state << 25, dice_state ^= dice_state >> 27;
    return (unsigned)((dice_state * UINT64_C(0x2545f4914f6cdd1d) >> 33) % below);
}

/* ---- objects ---- */

struct sample samples[MOST_OBJECTS];
size_t sample_count;

slice json_of(struct arena *a, const struct node *root)
{
    struct buf b = buf_new(a, VARIATION_TEXT_BYTES);
    node_put_json(&b, root, false);
    assert_false(b.failed);
    return buf_slice(&b);
}

struct node *read_object(struct arena *a, slice text)
{
    struct findings f = findings_new(a);
    struct node *root = json_read(a, text, &f);
    assert_non_null(root);
    return root;
}

slice as_stored(struct arena *a, const struct schema_kind *kind, struct node *root)
{
    const struct change change = {.context = CONTEXT_UPDATE, .kind = kind, .object = root};
    verdict_change(gate, a, &change, false, FIXTURE_NOW);
    return json_of(a, root);
}

bool same_object(struct arena *a, slice x, slice y)
{
    return node_equal(read_object(a, x), read_object(a, y));
}

/* ---- values: what the fixtures have for a field of a name ---- */

struct value values[MOST_VALUES];
size_t value_count;

slice name_of(const struct node *n)
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

static unsigned list_from(struct node *n, struct node **ret, unsigned count)
{
    assert_true(count < VARIATION_NODES);
    ret[count++] = n;
    for (struct node *c = node_first(n); c; c = node_next(c))
        count = list_from(c, ret, count);
    return count;
}

unsigned list_nodes(const struct node *root, struct node **ret)
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

slice edited(struct arena *a, const struct sample *s, const struct strokes *e)
{
    struct node *nodes[VARIATION_NODES], *root = read_object(a, s->text);
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

bool is_element(const struct node *n)
{
    return n->parent && n->parent->kind == NODE_ARRAY;
}

bool is_block(const struct node *n)
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

void throw_value(struct node *const *nodes, unsigned count, struct stroke *e)
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

struct strokes throw_edits(struct arena *a, const struct sample *s, struct node *const *nodes, unsigned count)
{
    struct strokes e = {0};
    for (unsigned i = 0, most = 1 + dice(3); i < most; i++)
        if (throw_edit(a, s, nodes, count, &e.items[e.count]))
            e.count += !touches_again(&e);
    return e;
}

/* ---- judging ---- */

const struct verdict *variation_judge(struct arena *a, const struct sample *s, enum context context,
                                      slice text, slice old)
{
    struct change change = {.context = context, .kind = s->kind, .object = read_object(a, text)};
    if (old.n)
        change.old_object = read_object(a, old);
    return verdict_change(gate, a, &change, false, FIXTURE_NOW);
}

/* ---- setting up ---- */

static void keep_samples(struct arena *kept, const struct fixture *f, slice manifest)
{
    if (strcmp(f->slug, "too-many-findings") == 0) /* more of the same than is varied */
        return;
    struct findings unread = findings_new(kept);
    for (const struct document *d = stream_read(kept, manifest, &unread)->first; d; d = d->next) {
        const struct schema_kind *kind = d->root ? fixture_kind(gate, d->root) : NULL;
        if (!kind)
            continue;
        assert_true(sample_count < MOST_OBJECTS);
        slice text = as_stored(kept, kind, d->root);
        keep_values(read_object(kept, text));
        if (f->side == FIRES)
            samples[sample_count++] = (struct sample){f->slug, text, kind};
    }
}

void variation_open(struct arena *kept, const struct gate *g, uint64_t seed)
{
    gate = g;
    variation_seed(seed);
    struct fixtures all = fixtures_read(kept, NULL, 0);
    for (size_t i = 0; i < all.count; i++) {
        keep_samples(kept, &all.items[i], all.items[i].manifest);
        keep_samples(kept, &all.items[i], all.items[i].old);
    }
}

struct running {
    const char *settings;
    uint64_t seed;
    struct arena *kept, *work;
    struct gate *gate;
};

static struct running running; /* cmocka's set-up takes no argument */

static int set_up(void **state)
{
    struct running *r = &running;
    struct policy policy = {0};
    struct error error;
    r->kept = arena_new(ARENA_BYTES);
    *state = r->work = arena_new(ARENA_BYTES);
    if (!r->kept || !r->work || !policy_read(&policy, r->kept, slice_of(r->settings), NULL, &error))
        return -1;
    r->gate = gate_open(&policy, &builtin_schemas);
    if (r->gate)
        variation_open(r->kept, r->gate, r->seed);
    return r->gate ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    gate_close(running.gate);
    arena_free(running.kept);
    arena_free(running.work);
    return 0;
}

int variation_run(int argc, char **argv, const char *settings, const struct CMUnitTest *tests, size_t count)
{
    running = (struct running){.settings = settings, .seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1};
    return _cmocka_run_group_tests("variation", tests, count, set_up, tear_down);
}
