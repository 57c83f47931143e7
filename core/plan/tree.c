/* Making and changing trees. */
#include "tree.h"

struct node *tree_object(struct arena *a)
{
    return node_new(a, NODE_OBJECT, 0);
}

struct node *tree_array(struct arena *a)
{
    return node_new(a, NODE_ARRAY, 0);
}

/* An object read from the state may hold anything where a container belongs: it becomes an empty one. */
static void become(struct node *n, enum node_kind kind)
{
    if (n->kind == kind)
        return;
    n->kind = (uint8_t)kind;
    n->first = n->last = NULL;
    n->index = NULL;
    n->count = 0;
}

struct node *tree_put(struct node *into, const char *key, struct node *value)
{
    become(into, key ? NODE_OBJECT : NODE_ARRAY);
    value->key = slice_of(key);
    node_append(into, value);
    return value;
}

struct node *tree_put_object(struct arena *a, struct node *into, const char *key)
{
    return tree_put(into, key, tree_object(a));
}

struct node *tree_put_array(struct arena *a, struct node *into, const char *key)
{
    return tree_put(into, key, tree_array(a));
}

static struct node *text_node(struct arena *a, slice text)
{
    struct node *n = node_new(a, NODE_STRING, 0);
    n->text = text;
    return n;
}

void tree_put_text(struct arena *a, struct node *into, const char *key, slice text)
{
    if (text.n)
        tree_put(into, key, text_node(a, text));
}

void tree_put_int(struct arena *a, struct node *into, const char *key, int64_t value)
{
    tree_put(into, key, node_new(a, NODE_INT, 0))->integer = value;
}

void tree_put_bool(struct arena *a, struct node *into, const char *key, bool value)
{
    tree_put(into, key, node_new(a, NODE_BOOL, 0))->boolean = value;
}

void tree_put_copy(struct arena *a, struct node *into, const char *key, const struct node *n)
{
    if (n)
        tree_put(into, key, node_copy(a, n, 0));
}

void tree_put_elements(struct arena *a, struct node *array, const struct node *list)
{
    for (const struct node *n = node_first(list); n; n = node_next(n))
        tree_put_copy(a, array, NULL, n);
}

/* The old value's place among its siblings stays; nothing is unlinked from a tree. */
void tree_set(struct node *object, const char *key, struct node *value)
{
    struct node *old = node_get(object, slice_of(key));
    if (!old) {
        tree_put(object, key, value);
        return;
    }
    struct node *parent = old->parent, *next = old->next;
    slice name = old->key;
    *old = *value;
    old->parent = parent;
    old->next = next;
    old->key = name;
    if (old->kind == NODE_OBJECT || old->kind == NODE_ARRAY)
        for (struct node *n = old->first; n; n = n->next)
            n->parent = old;
}

void tree_set_text(struct arena *a, struct node *object, const char *key, slice text)
{
    tree_set(object, key, text_node(a, text));
}

void tree_unset(struct node *object, const char *key)
{
    struct node *old = node_get(object, slice_of(key));
    if (old)
        old->flags |= NODE_DROPPED;
}

bool tree_empty(const struct node *n)
{
    return !n || ((n->kind == NODE_OBJECT || n->kind == NODE_ARRAY) && !node_first(n));
}

slice tree_text(const struct node *object, const char *key)
{
    const struct node *n = node_get(object, slice_of(key));
    return n && n->kind == NODE_STRING ? n->text : (slice){0};
}

slice tree_text_at(const struct node *root, const char *dotted_path)
{
    const struct node *n = node_at(root, dotted_path);
    return n && n->kind == NODE_STRING ? n->text : (slice){0};
}
