/* Replaces a key or value in the text of its document. */
#include "edit.h"

#include "reader.h"

enum { TEXT_BYTES = 1 << 16 };

static bool stands_for_several(const struct node *n, bool key)
{
    if (key && (n->flags & NODE_MERGED))
        return true;
    for (; n; n = n->parent)
        if (n->flags & NODE_ALIASED)
            return true;
    return false;
}

/* Inside brackets or braces, where a comma ends a plain scalar, and in JSON. */
static bool in_flow(const struct node *n, slice bytes)
{
    const struct node *up = n->parent;
    return up && up->at < bytes.n && (bytes.p[up->at] == '{' || bytes.p[up->at] == '[');
}

static void put_quoted(struct buf *b, const struct edit *e, slice old, bool flow)
{
    if (e->plain)
        buf_put(b, e->text);
    else if (flow || (old.n && old.p[0] == '"'))
        buf_json_string(b, e->text); /* a string of YAML as well */
    else
        yaml_put_line(b, e->text);
}

struct text_edit edit_text(struct arena *a, const struct edit *e, slice bytes)
{
    const struct node *n = e->place.node;
    bool key = e->place.kind == PLACE_KEY;
    if (!e->text.n || !n || (n->flags & NODE_DEFAULTED) || stands_for_several(n, key))
        return (struct text_edit){0};
    if (!key && (n->kind == NODE_OBJECT || n->kind == NODE_ARRAY))
        return (struct text_edit){0};
    struct text_edit edit = {.from = key ? n->key_at : n->at, .to = key ? n->key_end : n->end};
    struct buf b = buf_new(a, TEXT_BYTES);
    slice old = slice_cut(bytes, edit.from, edit.to - edit.from);
    if (!old.n && edit.from && bytes.p[edit.from - 1] == ':')
        buf_char(&b, ' ');
    put_quoted(&b, e, old, in_flow(n, bytes));
    edit.text = b.failed ? (slice){0} : buf_slice(&b);
    return edit;
}
