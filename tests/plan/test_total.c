/* plan() has an answer for any object and any state: the cases, damaged at random; and memory that ends. */
#include "check.h"

#include "brgate_limits.h"
#include "file.h"
#include "plan.h"
#include "tree.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 100, MOST_CASES = 200, NOW = 1795694430 };

static uint64_t dice;

static unsigned below(unsigned n)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (unsigned)(dice >> 33) % n;
}

/* ---- damage ---- */

static void damage(struct arena *a, struct node *n, unsigned odds)
{
    static const slice texts[] = {SLICE(""),
                                  SLICE("x"),
                                  SLICE("Complete"),
                                  SLICE("-1"),
                                  SLICE("Failed"),
                                  SLICE("log"),
                                  SLICE("0"),
                                  SLICE("2026-02-30T00:00:00Z"),
                                  SLICE("True"),
                                  SLICE("18446744073709551615"),
                                  SLICE("2026-11-26T12:00:00Z")};
    for (struct node *m = node_first(n); m; m = node_next(m)) {
        if (m->kind == NODE_OBJECT || m->kind == NODE_ARRAY)
            damage(a, m, odds);
        if (below(odds))
            continue;
        if (below(2) && m->kind != NODE_STRING) {
            m->flags |= NODE_DROPPED;
            continue;
        }
        struct node *other = node_new(a, (enum node_kind)below(NODE_OBJECT + 1), 0);
        m->kind = other->kind;
        m->count = 0;
        m->first = m->last = NULL;
        m->index = NULL;
        if (m->kind == NODE_STRING)
            m->text = texts[below(COUNT(texts))];
        else if (m->kind == NODE_INT || m->kind == NODE_FLOAT)
            m->text = LIT("-2");
        if (m->kind == NODE_INT)
            m->integer = -2;
        else if (m->kind == NODE_FLOAT)
            m->real = -2;
    }
}

/* ---- one case ---- */

struct one {
    struct arena *arena;
    slice object, state;
    unsigned odds;    /* 0: as it is */
    bool keeps_heads; /* the host gives the heads of the items */
    slice printed;
};

/* The object with the status that the state has for it. */
static void take_status(struct arena *a, struct node *root, const struct stream *state)
{
    for (const struct document *d = state->first; d; d = d->next)
        if (slice_eq(tree_text_at(d->root, "metadata.name"), tree_text_at(root, "metadata.name")) &&
            slice_eq(tree_text(d->root, "kind"), tree_text(root, "kind"))) {
            tree_set(root, "metadata", node_copy(a, node_get(d->root, LIT("metadata")), 0));
            if (node_get(d->root, LIT("status")))
                tree_set(root, "status", node_copy(a, node_get(d->root, LIT("status")), 0));
        }
}

static void plan_one(void *context)
{
    struct one *o = context;
    struct arena *a = o->arena;
    struct findings f = findings_new(a);
    struct stream *object = stream_read(a, o->object, &f), *state = stream_read(a, o->state, &f);
    struct node *root = object->first->root;
    struct node **items = ARENA_ARRAY(a, struct node *, state->count + 1);
    size_t count = 0;
    take_status(a, root, state);
    for (struct document *d = state->first; d; d = d->next)
        items[count++] = d->root;
    for (size_t i = 0; o->odds && i < count; i++)
        damage(a, items[i], o->odds);
    const struct resource *whole = resource_of(a, root);
    if (o->odds)
        damage(a, root, o->odds);
    struct observed seen = {
        .items = items,
        .count = count,
        .unknown = o->odds ? below(32) & below(32) : 0,
        .task = {.known = o->odds && below(2), .found = o->odds && below(2), .missing_since = 1}};
    const struct plan_settings settings = {.time_zone = LIT("UTC")};
    if (o->keeps_heads)
        seen.heads = plan_heads(a, items, count);
    struct plan p = plan(a, resource_decode(a, whole->group, whole->kind, root), &seen, NOW, &settings);
    struct buf b = buf_new(a, LIMIT_ARENA_BYTES);
    for (const struct plan_action *x = p.first; x; x = x->next) {
        buf_fmt(&b, "%s %.*s\n", plan_verb_word(x->verb), FMT(x->why));
        if (x->object)
            node_put_yaml(&b, x->object, false);
    }
    buf_fmt(&b, "%lld %.*s\n", (long long)p.again, FMT(p.why));
    o->printed = buf_slice(&b);
}

static void each_case(void (*check)(struct one *o))
{
    static const char folder[] = "tests/plan/cases";
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    assert_in_range(count, 50, MOST_CASES);
    for (int i = 0; i < count; i++) {
        char path[512];
        struct error error = {0};
        struct arena *texts = arena_new(LIMIT_ARENA_BYTES);
        struct one o = {.arena = arena_new(LIMIT_ARENA_BYTES)};
        snprintf(path, sizeof path, "%s/%s/object.yaml", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && file_read(texts, path, LIMIT_STREAM_BYTES, &o.object, &error)) {
            snprintf(path, sizeof path, "%s/%s/state.yaml", folder, entries[i]->d_name);
            assert_true(file_read(texts, path, LIMIT_STREAM_BYTES, &o.state, &error));
            check(&o);
        }
        arena_free(o.arena);
        arena_free(texts);
        free(entries[i]);
    }
    free(entries);
}

static void damaged_in_many_ways(struct one *o)
{
    static const unsigned odds[] = {3, 10, 40, 150};
    for (int round = 0; round < ROUNDS; round++) {
        arena_reset(o->arena);
        o->odds = odds[below(COUNT(odds))];
        assert_true(arena_run(o->arena, plan_one, o));
    }
}

static void twice_the_same(struct one *o)
{
    struct arena *kept = arena_new(LIMIT_ARENA_BYTES);
    assert_true(arena_run(o->arena, plan_one, o));
    slice first = arena_copy(kept, o->printed);
    arena_reset(o->arena);
    o->keeps_heads = true; /* a host that keeps them gets the same plan */
    assert_true(arena_run(o->arena, plan_one, o));
    assert_true(slice_eq(first, o->printed));
    arena_free(kept);
}

static void out_of_memory(struct one *o)
{
    uint64_t before = arena_allocations(o->arena);
    assert_true(arena_run(o->arena, plan_one, o));
    uint64_t all = arena_allocations(o->arena) - before;
    for (uint64_t nth = 1; nth <= all; nth += 1 + all / 40) {
        arena_reset(o->arena);
        arena_fail_at(o->arena, nth);
        assert_false(arena_run(o->arena, plan_one, o));
    }
    arena_fail_at(o->arena, 0);
}

static void any_input_has_a_plan(void **state)
{
    (void)state;
    dice = 88172645463325252u;
    each_case(damaged_in_many_ways);
}

static void equal_input_has_an_equal_plan(void **state)
{
    (void)state;
    each_case(twice_the_same);
}

static void memory_may_end_anywhere(void **state)
{
    (void)state;
    each_case(out_of_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_input_has_a_plan),
        cmocka_unit_test(equal_input_has_an_equal_plan),
        cmocka_unit_test(memory_may_end_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
