/* Old errors and new ones, told apart by what an update touches. */
#include "ratchet.h"

#include "judge.h"
#include "verdict_rules.h"

#include <stdlib.h>

struct comparison {
    struct arena *arena;
    enum ratchet_stand_in stand_in;
};

/* As a manifest's `${name}` would be: of no type that a rule reads, and nothing of the value shows in a message. */
static void make_placeholder(struct node *n)
{
    n->kind = NODE_STRING;
    n->text = LIT("${touched}");
    n->integer = 0;
    n->flags = NODE_PLACEHOLDER;
}

static void append_placeholder(const struct comparison *c, struct node *container, slice key)
{
    struct node *n = node_new(c->arena, NODE_STRING, 0);
    n->key = key;
    make_placeholder(n);
    node_append(container, n);
}

static void compare(const struct comparison *c, struct node *now, const struct node *before);

/* Some rules look at members that node_get() does not show: what goes is gone from the list as well. */
static void remove_members(struct node *object, unsigned flag)
{
    struct node *last = NULL;
    for (struct node *n = object->first, *next; n; n = next) {
        next = n->next;
        if (!(n->flags & flag)) {
            last = n;
            continue;
        }
        *(last ? &last->next : &object->first) = next;
        object->count--;
    }
    object->last = last;
}

static void compare_members(const struct comparison *c, struct node *now, const struct node *before)
{
    remove_members(now, NODE_SHADOWED);
    for (struct node *n = now->first; n; n = n->next) {
        const struct node *other = node_get(before, n->key);
        if (other || c->stand_in == RATCHET_PLACEHOLDER)
            compare(c, n, other);
        else
            n->flags |= NODE_SHADOWED;
    }
    if (c->stand_in == RATCHET_NOTHING) {
        remove_members(now, NODE_SHADOWED);
        return;
    }
    for (const struct node *n = node_first(before); n; n = node_next(n))
        if (!node_get(now, n->key))
            append_placeholder(c, now, n->key);
}

static void compare_elements(const struct comparison *c, struct node *now, const struct node *before)
{
    const struct node *other = node_first(before);
    for (struct node *n = now->first; n; n = n->next) {
        compare(c, n, other);
        other = other ? node_next(other) : NULL;
    }
    for (; other; other = node_next(other))
        append_placeholder(c, now, (slice){0});
}

static void compare(const struct comparison *c, struct node *now, const struct node *before)
{
    now->flags &= (uint16_t) ~(NODE_BAD | NODE_PRUNED | NODE_DROPPED); /* they are found again */
    if (before && now->kind == NODE_OBJECT && before->kind == NODE_OBJECT)
        compare_members(c, now, before);
    else if (before && now->kind == NODE_ARRAY && before->kind == NODE_ARRAY)
        compare_elements(c, now, before);
    else if (!before || !node_equal(now, before))
        make_placeholder(now);
}

struct node *ratchet_untouched(struct arena *a, const struct node *now, const struct node *before,
                               enum ratchet_stand_in stand_in)
{
    struct node *copy = node_copy(a, now, 0);
    compare(&(struct comparison){a, stand_in}, copy, before);
    return copy;
}

static bool is_placeholder(const struct place *p)
{
    return p->node && (p->node->flags & NODE_PLACEHOLDER);
}

static bool speaks_of_placeholder(const struct finding *x, const void *context)
{
    (void)context;
    return is_placeholder(&x->place) || is_placeholder(&x->note_place);
}

void ratchet_forget_touched(struct findings *f)
{
    struct findings forgotten = findings_new(f->arena);
    findings_move(&forgotten, f, speaks_of_placeholder, NULL);
}

/* By what is said of which place, wherever that is in the text. */
static int by_words(const void *p, const void *q)
{
    const struct diagnostic *a = p, *b = q;
    int order = strcmp(a->rule->slug, b->rule->slug);
    if (!order)
        order = slice_cmp(a->path, b->path);
    return order ? order : slice_cmp(a->message, b->message);
}

static bool has(const struct verdict *v, const struct diagnostic *d)
{
    return v->diagnostic_count && bsearch(d, v->diagnostics, v->diagnostic_count, sizeof *d, by_words);
}

void ratchet(struct verdict *v, struct verdict *const *others, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (others[i]->diagnostic_count)
            qsort(others[i]->diagnostics, others[i]->diagnostic_count, sizeof *v->diagnostics, by_words);
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        struct diagnostic *d = &v->diagnostics[i];
        size_t in = 0;
        while (in < count && has(others[in], d))
            in++;
        if (d->severity != SEVERITY_ERROR || d->rule == &rule_too_many_findings || in < count)
            continue;
        d->severity = SEVERITY_WARNING;
        d->ratcheted = true;
        v->errors--;
        v->warnings++;
    }
}
