/* A node's value in the words of field errors. */
#include "document.h"

#include "brgate_limits.h"
#include "num.h"

slice node_value(struct arena *a, const struct node *n)
{
    struct buf b = buf_new(a, LIMIT_DOCUMENT_BYTES);
    switch (n->kind) {
    case NODE_STRING:
        buf_quote(&b, slice_cut(n->text, 0, LIMIT_MESSAGE_BYTES));
        break;
    case NODE_FLOAT:
        num_put_f64_v(&b, n->real);
        break;
    default:
        node_put_json(&b, n, true);
    }
    return buf_slice(&b);
}
