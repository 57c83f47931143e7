/* Builds the JSON Patch of a review from the nodes that defaulting added. */
#include "patch.h"

#include "brgate_limits.h"
#include "document.h"

static void put_step(struct buf *b, const struct node *parent, const struct node *child, size_t index)
{
    buf_char(b, '/');
    if (parent->kind == NODE_ARRAY) {
        buf_fmt(b, "%zu", index);
        return;
    }
    for (size_t i = 0; i < child->key.n; i++) {
        if (child->key.p[i] == '~')
            buf_put(b, LIT("~0"));
        else if (child->key.p[i] == '/')
            buf_put(b, LIT("~1"));
        else
            buf_char(b, child->key.p[i]);
    }
}

/* `pointer` leads to `n`, and does so again afterwards. */
static void walk(struct buf *b, struct buf *pointer, const struct node *n)
{
    if (n->kind != NODE_OBJECT && n->kind != NODE_ARRAY)
        return;
    size_t index = 0, before = pointer->n;
    for (const struct node *c = node_first(n); c; c = node_next(c), index++) {
        put_step(pointer, n, c, index);
        if (c->flags & NODE_DEFAULTED) {
            buf_put(b, b->n ? LIT(",") : LIT("["));
            /* An element of a list is there already, as null; `add` would insert another. */
            buf_put(b, n->kind == NODE_ARRAY ? LIT("{\"op\":\"replace\",\"path\":")
                                             : LIT("{\"op\":\"add\",\"path\":"));
            buf_json_string(b, buf_slice(pointer));
            buf_put(b, LIT(",\"value\":"));
            node_put_json(b, c, false);
            buf_char(b, '}');
        } else {
            walk(b, pointer, c);
        }
        pointer->n = before;
    }
}

slice patch_of(struct arena *a, const struct node *root)
{
    struct buf b = buf_new(a, LIMIT_PATCH_BYTES), pointer = buf_new(a, LIMIT_RESPONSE_BYTES);
    walk(&b, &pointer, root);
    if (b.n)
        buf_char(&b, ']');
    return b.failed || pointer.failed ? (slice){0} : buf_slice(&b);
}
