/* Shared by the readers and writers; internal to this layer. */
#ifndef BRGATE_READER_H
#define BRGATE_READER_H

#include "document.h"
#include "document_rules.h"

/* Nodes are allocated in blocks: an allocation per node would cost more than reading it. */
struct node_pool {
    struct arena *arena;
    struct node *free;
    size_t left, taken;
};

void pool_refill(struct node_pool *pool); /* with a new block */

static inline struct node *pool_take(struct node_pool *pool)
{
    if (pool->left == 0)
        pool_refill(pool);
    pool->left--;
    *pool->free = (struct node){0};
    return pool->free++;
}

/* Members in which every two keys are compared; more are sorted and get an index for node_get(). */
enum { FEW_MEMBERS = 16, SEEN_TWICE = 63 };

/* object_close() for objects with many members or with keys that may be equal. */
void object_close_checked(struct arena *a, struct node *object, struct findings *f);

/* Must be called once for each complete object whose members were added by member_attach(). Finds members with the
 * same key: the last one wins, the earlier ones are flagged NODE_SHADOWED, each repetition is a finding with
 * a note at the first. Members that a merge key added (NODE_MERGED) are replaced without a finding. */
static inline void object_close(struct arena *a, struct node *object, struct findings *f)
{
    if (object->count > FEW_MEMBERS || object->seen >> SEEN_TWICE)
        object_close_checked(a, object, f);
    else
        object->index = NULL; /* shares its memory with `seen`, which is no longer needed */
}

/* Does the same for objects whose keys are known to differ. */
void object_index(struct arena *a, struct node *object);

/* Returns the member in the index, or NULL; `*ret_rest` is the first member appended after indexing. */
struct node *key_index_find(const struct key_index *index, slice key, struct node **ret_rest);

/* Reads one JSON value at `*pos` and moves `*pos` past it; see json_read(). When it returns NULL, `*ret_refused` is
 * true if a limit was exceeded and false for a syntax error. */
struct node *json_read_at(struct arena *a, slice bytes, size_t *pos, struct findings *f, bool *ret_refused);

/* Returns the children that the API server would see, in the arena; those of an object ordered by key if `sorted`. */
const struct node **node_children(struct arena *a, const struct node *n, bool sorted, size_t *ret_count);

/* Puts a text as a YAML scalar on one line, quoted where necessary. */
void yaml_put_line(struct buf *b, slice text);

static inline void node_attach(struct node *container, struct node *child)
{
    child->parent = container;
    if (container->kind == NODE_ARRAY)
        child->item = container->last ? container->last->item + 1 : 0;
    if (container->last)
        container->last->next = child;
    else
        container->first = child;
    container->last = child;
    container->count++;
}

/* node_attach() for members of an object that object_close() will check: records in `seen` whether two keys
 * may be equal, so that most small objects need no comparison at all. */
static inline void member_attach(struct node *object, struct node *child)
{
    const slice key = child->key;
    unsigned mix = (unsigned)key.n * 29u;
    if (key.n)
        mix += (unsigned char)key.p[0] * 5u + (unsigned char)key.p[key.n / 2] * 11u +
               (unsigned char)key.p[key.n - 1] * 3u;
    uint64_t bit = UINT64_C(1) << ((mix & 0xff) * SEEN_TWICE >> 8);
    object->seen |= object->seen & bit ? UINT64_C(1) << SEEN_TWICE : bit;
    node_attach(object, child);
}

#endif
