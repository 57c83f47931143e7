/* Completing the objects of a manifest, and printing them. */
#include "completed.h"

#include "judge.h"

/* A member that gave way to a default of the same name stays hidden: two of one name are not YAML. */
static void unhide(struct node *n)
{
    if (n->kind != NODE_OBJECT && n->kind != NODE_ARRAY)
        return;
    for (struct node *c = n->first; c; c = c->next) {
        bool replaced = n->kind == NODE_OBJECT && node_get(n, c->key);
        if (c->flags & (NODE_PRUNED | NODE_DROPPED) && !(c->flags & NODE_SHADOWED) && !replaced)
            c->flags &= (uint16_t) ~(NODE_PRUNED | NODE_DROPPED);
        unhide(c);
    }
}

struct completing {
    const struct gate *gate;
    struct arena *arena;
    const struct stream_verdict *stream;
};

static void complete(void *context)
{
    const struct completing *c = context;
    for (const struct verdict *v = c->stream->first; v; v = v->next) {
        if (!v->object)
            continue;
        judge_default(c->gate, c->arena, v->object, v->root, NULL);
        unhide(v->root);
    }
}

bool verdict_complete(const struct gate *g, struct arena *a, const struct stream_verdict *stream)
{
    return arena_run(a, complete, &(struct completing){g, a, stream});
}

void completed_put_yaml(struct buf *b, const struct verdict *v)
{
    if (v->root)
        node_put_yaml(b, v->root, false);
}

void completed_put_json(struct buf *b, const struct verdict *v)
{
    if (v->root)
        node_put_json(b, v->root, false);
}

static void put_addition(struct buf *b, const struct node *n)
{
    buf_fmt(b, "+ %.*s: ", FMT(node_path(b->arena, n)));
    if (n->kind == NODE_OBJECT || n->kind == NODE_ARRAY) {
        node_put_json(b, n, false);
        buf_char(b, '\n');
    } else {
        node_put_yaml(b, n, false);
    }
}

static void put_additions(struct buf *b, const struct node *parent)
{
    for (const struct node *n = node_first(parent); n; n = node_next(n)) {
        if (n->flags & NODE_DEFAULTED)
            put_addition(b, n);
        else if (n->kind == NODE_OBJECT || n->kind == NODE_ARRAY)
            put_additions(b, n);
    }
}

void completed_put_additions(struct buf *b, const struct verdict *v)
{
    if (v->object)
        put_additions(b, v->root);
}
