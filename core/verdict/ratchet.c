/* Separates old errors from new ones, by the values that an update touches. */
#include "ratchet.h"

#include "judge.h"
#include "verdict_rules.h"

#include <stdlib.h>

struct one_sided {
    struct one_sided *next;
    struct node *object; /* of the reduced tree */
    slice key;
};

struct comparison {
    struct arena *arena;
    struct one_sided *found;
};

/* Like `${name}` in a manifest: of no type that a rule reads, and no message shows the value. */
static void make_placeholder(struct node *n)
{
    n->kind = NODE_STRING;
    n->text = LIT("${touched}");
    n->integer = 0;
    n->flags = NODE_PLACEHOLDER;
}

/* ---- the elements of lists ---- */

static bool same_element(const struct schema *list, const struct node *before, const struct node *now)
{
    for (size_t i = 0; i < list->key_count; i++) {
        const struct node *x = node_get(before, list->keys[i]), *y = node_get(now, list->keys[i]);
        if (!x || !y || !node_equal(x, y))
            return false;
    }
    return true;
}

struct elements {
    struct node **items;
    size_t count;
};

static struct elements elements_of(struct arena *a, const struct node *list)
{
    struct elements e = {ARENA_ARRAY(a, struct node *, list->count + 1), 0};
    for (struct node *n = node_first(list); n; n = node_next(n))
        e.items[e.count++] = n;
    return e;
}

static void append_placeholder(struct arena *a, struct node *container, slice key);

static void append_again(struct node *list, const struct elements *e, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        e->items[i]->parent = e->items[i]->next = NULL;
        node_append(list, e->items[i]);
    }
}

static void align_elements(struct arena *a, const struct schema *s, struct node *before,
                           const struct node *now)
{
    struct elements old = elements_of(a, before), new = elements_of(a, now);
    size_t least = old.count < new.count ? old.count : new.count, front = 0, back = 0;
    while (front < least && same_element(s, old.items[front], new.items[front]))
        front++;
    while (front + back < least &&
           same_element(s, old.items[old.count - 1 - back], new.items[new.count - 1 - back]))
        back++;
    if (old.count == new.count || !back)
        return;
    size_t old_end = old.count - back, new_end = new.count - back,
           paired = old_end < new_end ? old_end : new_end;
    before->first = before->last = NULL;
    before->count = 0;
    append_again(before, &old, 0, paired);
    for (size_t i = paired; i < new_end; i++)
        append_placeholder(a, before, (slice){0});
    append_again(before, &old, old_end, old.count);
    append_again(before, &old, paired, old_end);
}

void ratchet_align(struct arena *a, const struct schema *s, struct node *before, const struct node *now)
{
    if (!now || before->kind != now->kind)
        return;
    if (before->kind == NODE_OBJECT) {
        for (struct node *n = node_first(before); n; n = node_next(n))
            ratchet_align(a, s ? schema_member(s, n) : NULL, n, node_get(now, n->key));
    } else if (before->kind == NODE_ARRAY) {
        if (s && s->list_type == LIST_MAP)
            align_elements(a, s, before, now);
        const struct node *other = node_first(now);
        for (struct node *n = node_first(before); n && other; n = node_next(n), other = node_next(other))
            ratchet_align(a, s ? s->items : NULL, n, other);
    }
}

/* ---- the common part ---- */

static void append_placeholder(struct arena *a, struct node *container, slice key)
{
    struct node *n = node_new(a, NODE_STRING, 0);
    n->key = key;
    make_placeholder(n);
    node_append(container, n);
}

static void compare(struct comparison *c, struct node *before, const struct node *now);

/* Some rules look at members that node_get() does not show: what goes is gone from the list as well. */
static void remove_shadowed(struct node *object)
{
    struct node *last = NULL;
    for (struct node *n = object->first, *next; n; n = next) {
        next = n->next;
        if (!(n->flags & NODE_SHADOWED)) {
            last = n;
            continue;
        }
        *(last ? &last->next : &object->first) = next;
        object->count--;
    }
    object->last = last;
}

static void note_one_sided(struct comparison *c, struct node *object, slice key)
{
    struct one_sided *member = ARENA_NEW(c->arena, struct one_sided);
    *member = (struct one_sided){c->found, object, key};
    c->found = member;
}

static void compare_members(struct comparison *c, struct node *before, const struct node *now)
{
    for (const struct node *n = node_first(now); n; n = node_next(n))
        if (!node_get(before, n->key))
            note_one_sided(c, before, n->key);
    for (struct node *n = node_first(before); n; n = node_next(n)) {
        const struct node *other = node_get(now, n->key);
        if (other) {
            compare(c, n, other);
            continue;
        }
        note_one_sided(c, before, n->key);
        n->flags |= NODE_SHADOWED;
    }
    remove_shadowed(before);
}

static void compare_elements(struct comparison *c, struct node *before, const struct node *now)
{
    const struct node *other = node_first(now);
    for (struct node *n = node_first(before); n; n = node_next(n)) {
        compare(c, n, other);
        other = other ? node_next(other) : NULL;
    }
    for (; other; other = node_next(other))
        append_placeholder(c->arena, before, (slice){0});
}

static void compare(struct comparison *c, struct node *before, const struct node *now)
{
    before->flags &= (uint16_t)~NODE_BAD; /* it is found again */
    if (now && before->kind == NODE_OBJECT && now->kind == NODE_OBJECT)
        compare_members(c, before, now);
    else if (now && before->kind == NODE_ARRAY && now->kind == NODE_ARRAY)
        compare_elements(c, before, now);
    else if (!now || !node_equal(before, now))
        make_placeholder(before);
}

struct one_sided *ratchet_reduce(struct arena *a, struct node *before, const struct node *now)
{
    struct comparison c = {.arena = a};
    compare(&c, before, now);
    return c.found;
}

void ratchet_fill(struct arena *a, const struct one_sided *members)
{
    for (; members; members = members->next)
        append_placeholder(a, members->object, members->key);
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

/* Orders by path and texts, independent of the position in the text. */
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

size_t ratchet_narrow(struct verdict *v, struct verdict *other, bool first)
{
    size_t left = 0;
    if (other->diagnostic_count)
        qsort(other->diagnostics, other->diagnostic_count, sizeof *v->diagnostics, by_words);
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        struct diagnostic *d = &v->diagnostics[i];
        if (first)
            d->ratcheted = d->severity == SEVERITY_ERROR && d->rule != &rule_too_many_findings;
        d->ratcheted = d->ratcheted && has(other, d);
        left += d->ratcheted;
    }
    return left;
}

void ratchet_close(struct verdict *v)
{
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        if (!v->diagnostics[i].ratcheted)
            continue;
        v->diagnostics[i].severity = SEVERITY_WARNING;
        v->errors--;
        v->warnings++;
    }
}
