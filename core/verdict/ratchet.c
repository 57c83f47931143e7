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

struct keys {
    const slice *items;
    size_t count; /* 0: the elements have none */
};

/* Where the schema declares none: by which kubectl merges lists of core/v1; tolerations and expressions have a key. */
static struct keys keys_of(const struct schema *list)
{
    static const slice members[] = {SLICE("mountPath"), SLICE("name"), SLICE("key")};
    if (list->list_type == LIST_MAP)
        return (struct keys){list->keys, list->key_count};
    for (size_t i = 0; list->items && i < COUNT(members); i++)
        if (schema_property(list->items, members[i]))
            return (struct keys){&members[i], 1};
    return (struct keys){NULL, 0};
}

/* Empty when a key is missing. */
static slice identity_of(struct arena *a, const struct keys *keys, const struct node *element)
{
    slice all = {0};
    for (size_t i = 0; i < keys->count; i++) {
        slice text = node_text(node_get(element, keys->items[i]));
        if (!text.n)
            return (slice){0};
        all = i ? arena_fmt(a, "%.*s\n%.*s", FMT(all), FMT(text)) : text;
    }
    return all;
}

struct element {
    slice identity;
    size_t place;
};

static int by_identity(const void *p, const void *q)
{
    const struct element *a = p, *b = q;
    int order = slice_cmp(a->identity, b->identity);
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

/* The elements whose identity no other one has, sorted by it. Those without a key take no memory: a text such as `{},{}` can
 * have a great many. */
static struct element *elements_of(struct arena *a, const struct keys *keys, const struct node *list,
                                   size_t *ret_count)
{
    size_t count = 0, place = 0;
    for (const struct node *n = node_first(list); n; n = node_next(n))
        count += node_text(node_get(n, keys->items[0])).n > 0;
    struct element *elements = ARENA_ARRAY(a, struct element, count + 1);
    count = 0;
    for (const struct node *n = node_first(list); n; n = node_next(n), place++) {
        slice identity = identity_of(a, keys, n);
        if (identity.n)
            elements[count++] = (struct element){identity, place};
    }
    qsort(elements, count, sizeof *elements, by_identity);
    size_t kept = 0;
    bool twin = false; /* of the one before */
    for (size_t i = 0; i < count; i++) {
        bool next = i + 1 < count && slice_eq(elements[i].identity, elements[i + 1].identity);
        if (!twin && !next)
            elements[kept++] = elements[i];
        twin = next;
    }
    *ret_count = kept;
    return elements;
}

static void append_placeholder(struct arena *a, struct node *container, slice key);

static void append_again(struct node *list, struct node *element)
{
    element->parent = element->next = NULL;
    node_append(list, element);
}

struct places {
    struct node **items;
    size_t count;
};

static struct places places_of(struct arena *a, const struct node *list)
{
    struct places p = {ARENA_ARRAY(a, struct node *, list->count + 1), 0};
    for (struct node *n = node_first(list); n; n = node_next(n))
        p.items[p.count++] = n;
    return p;
}

struct matches {
    const struct element *old, *new;
    size_t old_count, new_count;
};

/* Moves elements from `old` to the places that those of the same identity have in the update. */
static void take_same(const struct matches *m, struct places *old, struct node **taken)
{
    for (size_t i = 0, k = 0; i < m->old_count && k < m->new_count;) {
        int order = slice_cmp(m->old[i].identity, m->new[k].identity);
        if (!order) {
            taken[m->new[k].place] = old->items[m->old[i].place];
            old->items[m->old[i].place] = NULL;
        }
        i += order <= 0;
        k += order >= 0;
    }
}

static struct node *next_left(const struct places *old, size_t *next)
{
    while (*next < old->count && !old->items[*next])
        ++*next;
    return *next < old->count ? old->items[(*next)++] : NULL;
}

static void align_elements(struct arena *a, const struct schema *s, struct node *before,
                           const struct node *now)
{
    struct keys keys = keys_of(s);
    if (!keys.count)
        return;
    struct matches m = {0};
    m.old = elements_of(a, &keys, before, &m.old_count);
    m.new = elements_of(a, &keys, now, &m.new_count);
    if (!m.old_count || !m.new_count)
        return;
    struct places old = places_of(a, before), new = places_of(a, now);
    for (size_t i = 0; i < new.count; i++)
        new.items[i] = NULL;
    take_same(&m, &old, new.items);
    before->first = before->last = NULL;
    before->count = 0;
    size_t next = 0;
    for (size_t i = 0; i < new.count; i++) {
        struct node *element = new.items[i] ? new.items[i] : next_left(&old, &next);
        if (element)
            append_again(before, element);
        else
            append_placeholder(a, before, (slice){0});
    }
    for (struct node *n; (n = next_left(&old, &next));)
        append_again(before, n);
}

void ratchet_align(struct arena *a, const struct schema *s, struct node *before, const struct node *now)
{
    if (!now || before->kind != now->kind)
        return;
    if (before->kind == NODE_OBJECT) {
        for (struct node *n = node_first(before); n; n = node_next(n))
            ratchet_align(a, s ? schema_member(s, n) : NULL, n, node_get(now, n->key));
    } else if (before->kind == NODE_ARRAY) {
        if (s)
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
