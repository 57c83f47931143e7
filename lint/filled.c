#include "filled.h"

/* A member that gave way to a default of the same name stays hidden: two of one name are not YAML. */
static void bring_back(struct node *n)
{
    if (n->kind != NODE_OBJECT && n->kind != NODE_ARRAY)
        return;
    for (struct node *c = n->first; c; c = c->next) {
        bool replaced = n->kind == NODE_OBJECT && node_get(n, c->key);
        if (c->flags & (NODE_PRUNED | NODE_DROPPED) && !(c->flags & NODE_SHADOWED) && !replaced)
            c->flags &= (uint16_t) ~(NODE_PRUNED | NODE_DROPPED);
        bring_back(c);
    }
}

bool filled(const struct gate *g, struct arena *a, const struct stream_verdict *stream)
{
    for (struct verdict *v = stream->first; v; v = v->next) {
        if (!verdict_default(g, a, v))
            return false;
        if (v->object)
            bring_back(v->root);
    }
    return true;
}

void filled_put_additions(struct buf *b, const struct node *root)
{
    for (const struct node *n = node_first(root); n; n = node_next(n)) {
        if (!(n->flags & NODE_DEFAULTED)) {
            if (n->kind == NODE_OBJECT || n->kind == NODE_ARRAY)
                filled_put_additions(b, n);
            continue;
        }
        buf_fmt(b, "+ %.*s: ", FMT(node_path(b->arena, n)));
        if (n->kind == NODE_OBJECT || n->kind == NODE_ARRAY) {
            node_put_json(b, n, false);
            buf_char(b, '\n');
        } else {
            node_put_yaml(b, n, false);
        }
    }
}
