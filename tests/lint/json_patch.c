#include "json_patch.h"

#include "num.h"

#include <string.h>

static slice unescape(struct arena *a, slice token)
{
    struct buf b = buf_new(a, 1 << 20);
    for (size_t i = 0; i < token.n; i++) {
        char c = token.p[i];
        if (c == '~')
            c = token.p[++i] == '0' ? '~' : '/';
        buf_char(&b, c);
    }
    return buf_slice(&b);
}

static struct node *element(const struct node *list, slice token)
{
    uint64_t index;
    struct node *n = node_first(list);
    if (!num_u64(token, &index))
        return NULL;
    for (; n && index; index--)
        n = node_next(n);
    return n;
}

static struct node *child_of(const struct node *n, slice token)
{
    return n->kind == NODE_ARRAY ? element(n, token) : node_get(n, token);
}

/* The value replaces the one at that path. */
static void put_in_place(struct node *there, const struct node *value)
{
    struct node *parent = there->parent, *next = there->next;
    slice key = there->key;
    *there = *value;
    there->parent = parent;
    there->next = next;
    there->key = key;
    if (there->kind == NODE_OBJECT || there->kind == NODE_ARRAY)
        for (struct node *c = there->first; c; c = c->next)
            c->parent = there;
}

static bool operate(struct arena *a, struct node *root, const struct node *operation)
{
    const struct node *op = node_get(operation, LIT("op")), *path = node_get(operation, LIT("path"));
    const struct node *value = node_get(operation, LIT("value"));
    struct node *n = root;
    if (!op || !path || !value || !path->text.n)
        return false;
    for (slice rest = slice_from(path->text, 1);;) {
        size_t slash = slice_find_char(rest, '/');
        slice token = unescape(a, slice_cut(rest, 0, slash));
        struct node *child = child_of(n, token);
        if (slash != SLICE_NONE) {
            if (!(n = child))
                return false;
            rest = slice_from(rest, slash + 1);
            continue;
        }
        bool adds = slice_eq(op->text, LIT("add")) && n->kind == NODE_OBJECT;
        bool replaces = slice_eq(op->text, LIT("replace")) && child;
        if (adds && !child) {
            child = node_copy(a, value, 0);
            child->key = token;
            node_append(n, child);
        } else if (adds || replaces) {
            put_in_place(child, node_copy(a, value, 0));
        }
        return adds || replaces;
    }
}

bool json_patch_apply(struct arena *a, struct node *root, slice operations)
{
    struct findings f = findings_new(a);
    const struct node *list = json_read(a, operations, &f);
    if (!list || list->kind != NODE_ARRAY)
        return false;
    for (const struct node *op = node_first(list); op; op = node_next(op))
        if (!operate(a, root, op))
            return false;
    return true;
}
