/* Operations on the tree: look-up, comparison, printing as JSON, construction. */
#include "reader.h"

#include "brgate_limits.h"
#include "bug.h"
#include "num.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

static bool is_container(const struct node *n)
{
    return n->kind == NODE_ARRAY || n->kind == NODE_OBJECT;
}

static struct node *get_from(struct node *m, slice key)
{
    for (; m; m = m->next)
        if (!(m->flags & NODE_GONE) && slice_eq(m->key, key))
            return m;
    return NULL;
}

/* Not inline: otherwise the few look-ups that need it would slow down all others. */
__attribute__((noinline)) static struct node *get_indexed(const struct node *object, slice key)
{
    struct node *rest, *found = key_index_find(object->index, key, &rest);
    return found && !(found->flags & NODE_GONE) ? found : get_from(rest, key);
}

struct node *node_get(const struct node *object, slice key)
{
    if (!object || object->kind != NODE_OBJECT)
        return NULL;
    return object->index ? get_indexed(object, key) : get_from(object->first, key);
}

struct node *node_at(const struct node *root, const char *dotted_path)
{
    slice rest = slice_of(dotted_path);
    for (const struct node *in = root;;) {
        size_t dot = slice_find_char(rest, '.');
        struct node *n = node_get(in, slice_cut(rest, 0, dot));
        if (!n || dot == SLICE_NONE)
            return n;
        in = n;
        rest = slice_from(rest, dot + 1);
    }
}

slice node_text(const struct node *n)
{
    return n && n->kind == NODE_STRING ? n->text : (slice){0};
}

slice node_text_at(const struct node *root, const char *dotted_path)
{
    return node_text(node_at(root, dotted_path));
}

static struct node *visible(struct node *n)
{
    while (n && n->flags & NODE_GONE)
        n = n->next;
    return n;
}

struct node *node_first(const struct node *container)
{
    return container && is_container(container) ? visible(container->first) : NULL;
}

struct node *node_next(const struct node *n)
{
    return visible(n->next);
}

static void put_path(struct buf *b, const struct node *n)
{
    if (!n->parent)
        return;
    put_path(b, n->parent);
    if (n->parent->kind == NODE_OBJECT) {
        if (b->n)
            buf_char(b, '.');
        buf_put(b, n->key);
        return;
    }
    buf_fmt(b, "[%u]", n->item);
}

slice node_path(struct arena *a, const struct node *n)
{
    struct buf b = buf_new(a, SIZE_MAX);
    if (n)
        put_path(&b, n);
    return buf_slice(&b);
}

const char *node_type_name(const struct node *n)
{
    static const char *const names[] = {"null", "boolean", "integer", "number", "string", "array", "object"};
    return names[n->kind];
}

static bool numbers_equal(const struct node *a, const struct node *b)
{
    if (a->kind == b->kind)
        return a->kind == NODE_INT ? a->integer == b->integer : a->real == b->real;
    const struct node *whole = a->kind == NODE_INT ? a : b, *real = a->kind == NODE_INT ? b : a;
    /* 2^63 is the first double that no int64 equals; comparing as doubles would round the integer. */
    return real->real >= -0x1p63 && real->real < 0x1p63 && (double)(int64_t)real->real == real->real &&
           (int64_t)real->real == whole->integer;
}

static bool objects_equal(const struct node *a, const struct node *b)
{
    const struct node *guess = node_first(b); /* most often both have the same order */
    size_t count = 0;
    for (const struct node *x = node_first(a); x; x = node_next(x)) {
        const struct node *y = guess && slice_eq(guess->key, x->key) ? guess : node_get(b, x->key);
        if (!y || !node_equal(x, y))
            return false;
        guess = node_next(y);
        count++;
    }
    for (const struct node *y = node_first(b); y; y = node_next(y))
        if (count-- == 0)
            return false;
    return true;
}

static bool arrays_equal(const struct node *a, const struct node *b)
{
    const struct node *x = node_first(a), *y = node_first(b);
    for (; x && y; x = node_next(x), y = node_next(y))
        if (!node_equal(x, y))
            return false;
    return !x && !y;
}

bool node_equal(const struct node *a, const struct node *b)
{
    bool numbers =
        (a->kind == NODE_INT || a->kind == NODE_FLOAT) && (b->kind == NODE_INT || b->kind == NODE_FLOAT);
    if (numbers)
        return numbers_equal(a, b);
    if (a->kind != b->kind)
        return false;
    switch ((enum node_kind)a->kind) {
    case NODE_BOOL:
        return a->boolean == b->boolean;
    case NODE_STRING:
        return slice_eq(a->text, b->text);
    case NODE_ARRAY:
        return arrays_equal(a, b);
    case NODE_OBJECT:
        return objects_equal(a, b);
    default:
        return true;
    }
}

static int by_key(const void *x, const void *y)
{
    return slice_cmp((*(const struct node *const *)x)->key, (*(const struct node *const *)y)->key);
}

static void put_member(struct buf *b, const struct node *m, bool first, bool sorted)
{
    if (!first)
        buf_char(b, ',');
    buf_json_string(b, m->key);
    buf_char(b, ':');
    node_put_json(b, m, sorted);
}

const struct node **node_children(struct arena *a, const struct node *n, bool sorted, size_t *ret_count)
{
    const struct node **children = ARENA_ARRAY(a, const struct node *, n->count);
    size_t count = 0;
    for (const struct node *m = node_first(n); m; m = node_next(m))
        children[count++] = m;
    if (sorted && n->kind == NODE_OBJECT)
        qsort(children, count, sizeof(void *), by_key);
    *ret_count = count;
    return children;
}

static void put_object(struct buf *b, const struct node *n, bool sorted)
{
    size_t count = 0;
    buf_char(b, '{');
    if (sorted && n->count) {
        const struct node **members = node_children(b->arena, n, true, &count);
        for (size_t i = 0; i < count; i++)
            put_member(b, members[i], i == 0, sorted);
    } else {
        for (const struct node *m = node_first(n); m; m = node_next(m))
            put_member(b, m, count++ == 0, sorted);
    }
    buf_char(b, '}');
}

void node_put_json(struct buf *b, const struct node *n, bool sorted)
{
    switch ((enum node_kind)n->kind) {
    case NODE_NULL:
        buf_put(b, LIT("null"));
        break;
    case NODE_BOOL:
        buf_put(b, n->boolean ? LIT("true") : LIT("false"));
        break;
    case NODE_INT:
        buf_fmt(b, "%lld", (long long)n->integer);
        break;
    case NODE_FLOAT:
        num_put_f64(b, n->real);
        break;
    case NODE_STRING:
        buf_json_string(b, n->text);
        break;
    case NODE_ARRAY:
        buf_char(b, '[');
        for (const struct node *m = node_first(n), *first = m; m; m = node_next(m)) {
            if (m != first)
                buf_char(b, ',');
            node_put_json(b, m, sorted);
        }
        buf_char(b, ']');
        break;
    case NODE_OBJECT:
        put_object(b, n, sorted);
        break;
    }
}

struct node *node_new(struct arena *a, enum node_kind kind, unsigned flags)
{
    struct node *n = ARENA_NEW(a, struct node);
    n->kind = (uint8_t)kind;
    n->flags = (uint16_t)flags;
    return n;
}

/* The children of a container are one piece of memory: an allocation for each would cost as much as copying it. */
static void copy_node(struct arena *a, const struct node *n, unsigned flags, struct node *copy)
{
    *copy = *n;
    copy->parent = copy->next = NULL;
    copy->flags |= (uint16_t)flags;
    if (!is_container(n))
        return;
    copy->first = copy->last = NULL;
    copy->index = NULL;
    copy->count = 0;
    struct node *child = arena_bytes(a, n->count * sizeof *child);
    for (const struct node *m = n->first; m; m = m->next, child++) {
        copy_node(a, m, flags, child);
        node_attach(copy, child);
        child->item = m->item; /* two nodes have one number where a default has replaced null */
    }
    if (n->index)
        object_index(a, copy);
}

struct node *node_copy(struct arena *a, const struct node *n, unsigned flags)
{
    struct node *copy = arena_bytes(a, sizeof *copy);
    copy_node(a, n, flags, copy);
    return copy;
}

void node_append(struct node *container, struct node *child)
{
    BUG_IF(!is_container(container) || child->parent);
    node_attach(container, child);
}

void pool_refill(struct node_pool *pool)
{
    /* Half of the size so far: this wastes little, and large documents need few blocks. */
    size_t block = pool->taken / 2;
    block = block < 32 ? 32 : block > 1024 ? 1024 : block;
    pool->free = arena_bytes(pool->arena, block * sizeof *pool->free);
    pool->left = block;
    pool->taken += block;
}

static bool says_nothing(const struct node *n)
{
    return !n || n->kind == NODE_NULL ||
           ((n->kind == NODE_OBJECT || n->kind == NODE_ARRAY) && !node_first(n));
}

bool node_same(const struct node *a, const struct node *b)
{
    if (says_nothing(a) || says_nothing(b))
        return says_nothing(a) && says_nothing(b);
    if (a->kind != b->kind || (a->kind != NODE_OBJECT && a->kind != NODE_ARRAY))
        return node_equal(a, b);
    const struct node *m = node_first(a), *n = node_first(b);
    if (a->kind == NODE_ARRAY) {
        for (; m && n; m = node_next(m), n = node_next(n))
            if (!node_same(m, n))
                return false;
        return !m && !n;
    }
    for (; m; m = node_next(m))
        if (!node_same(m, node_get(b, m->key)))
            return false;
    for (; n; n = node_next(n))
        if (!says_nothing(n) && !node_get(a, n->key))
            return false;
    return true;
}

slice node_value(struct arena *a, const struct node *n)
{
    struct buf b = buf_new(a, LIMIT_DOCUMENT_BYTES);
    switch (n->kind) {
    case NODE_STRING:
        buf_quote(&b, utf8_cut(n->text, LIMIT_MESSAGE_BYTES));
        break;
    case NODE_FLOAT:
        num_put_f64_v(&b, n->real);
        break;
    default:
        node_put_json(&b, n, true);
    }
    return buf_slice(&b);
}
