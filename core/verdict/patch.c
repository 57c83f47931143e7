#include "patch.h"

#include "ceilings.h"

static void put_pointer(struct buf *b, const struct node *n)
{
    if (!n->parent)
        return;
    put_pointer(b, n->parent);
    buf_char(b, '/');
    if (n->parent->kind == NODE_ARRAY) {
        size_t index = 0;
        for (const struct node *c = node_first(n->parent); c != n; c = node_next(c))
            index++;
        buf_fmt(b, "%zu", index);
        return;
    }
    for (size_t i = 0; i < n->key.n; i++) {
        if (n->key.p[i] == '~')
            buf_put(b, LIT("~0"));
        else if (n->key.p[i] == '/')
            buf_put(b, LIT("~1"));
        else
            buf_char(b, n->key.p[i]);
    }
}

static void walk(struct arena *a, struct buf *b, const struct node *n)
{
    if (n->kind != NODE_OBJECT && n->kind != NODE_ARRAY)
        return;
    for (const struct node *c = node_first(n); c; c = node_next(c)) {
        if (!(c->flags & NODE_DEFAULTED)) {
            walk(a, b, c);
            continue;
        }
        struct buf pointer = buf_new(a, LIMIT_MESSAGE_BYTES);
        put_pointer(&pointer, c);
        buf_put(b, b->n ? LIT(",") : LIT("["));
        /* An element of a list is there already, as null; `add` would insert another. */
        buf_put(b, n->kind == NODE_ARRAY ? LIT("{\"op\":\"replace\",\"path\":")
                                         : LIT("{\"op\":\"add\",\"path\":"));
        buf_json_string(b, buf_slice(&pointer));
        buf_put(b, LIT(",\"value\":"));
        node_put_json(b, c, false);
        buf_char(b, '}');
    }
}

slice patch_of(struct arena *a, const struct node *root)
{
    struct buf b = buf_new(a, LIMIT_RESPONSE_BYTES);
    walk(a, &b, root);
    if (b.n)
        buf_char(&b, ']');
    return b.failed ? (slice){0} : buf_slice(&b);
}
