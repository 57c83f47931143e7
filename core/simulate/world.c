/* The model API server. */
#include "world.h"

#include "civil.h"
#include "tree.h"

struct world world_new(struct arena *a, const struct schema_set *schemas, int64_t now)
{
    return (struct world){.arena = a, .schemas = schemas, .now = now};
}

static bool has_text(const struct node *n)
{
    return n->kind == NODE_STRING || n->kind == NODE_INT || n->kind == NODE_FLOAT;
}

static size_t text_bytes(const struct node *n)
{
    size_t bytes = n->key.n + (has_text(n) ? n->text.n : 0);
    for (const struct node *m = node_first(n); m; m = node_next(m))
        bytes += text_bytes(m);
    return bytes;
}

static void move_text(slice *text, char **to)
{
    if (text->n == 0)
        return;
    memcpy(*to, text->p, text->n);
    text->p = *to;
    *to += text->n;
}

/* Replaces the texts by copies at `*to`. */
static void move_texts(struct node *n, char **to)
{
    move_text(&n->key, to);
    if (has_text(n))
        move_text(&n->text, to);
    for (struct node *m = node_first(n); m; m = node_next(m))
        move_texts(m, to);
}

struct node *world_copy_object(struct arena *a, const struct node *n)
{
    struct node *copy = node_copy(a, n, 0);
    char *texts = arena_bytes(a, text_bytes(copy));
    move_texts(copy, &texts);
    return copy;
}

static struct world_key key_of(const struct node *o)
{
    const struct node *metadata = node_get(o, LIT("metadata"));
    const struct node *owner = node_first(node_get(metadata, LIT("ownerReferences")));
    return (struct world_key){.kind = tree_text(o, "kind"),
                              .namespace = tree_text(metadata, "namespace"),
                              .name = tree_text(metadata, "name"),
                              .uid = tree_text(metadata, "uid"),
                              .owner_uid = tree_text(owner, "uid"),
                              .owner_kind = tree_text(owner, "kind"),
                              .owner_name = tree_text(owner, "name")};
}

struct world world_copy(const struct world *w, struct arena *a)
{
    struct world copy = *w;
    copy.arena = a;
    copy.items = ARENA_ARRAY(a, struct node *, w->count + 1);
    copy.keys = ARENA_ARRAY(a, struct world_key, w->count + 1);
    copy.capacity = copy.key_capacity = w->count + 1;
    for (size_t i = 0; i < w->count; i++) {
        copy.items[i] = world_copy_object(a, w->items[i]);
        copy.keys[i] = key_of(copy.items[i]);
    }
    return copy;
}

static slice time_text(const struct world *w)
{
    struct buf b = buf_new(w->arena, SIZE_MAX);
    civil_put(&b, w->now);
    return buf_slice(&b);
}

static size_t index_of(const struct world *w, const char *kind, slice namespace, slice name)
{
    for (size_t i = 0; i < w->count; i++)
        if (slice_eq(w->keys[i].name, name) && slice_eq(w->keys[i].kind, slice_of(kind)) &&
            slice_eq(w->keys[i].namespace, namespace))
            return i;
    return SLICE_NONE;
}

struct node *world_find(const struct world *w, const char *kind, slice namespace, slice name)
{
    size_t i = index_of(w, kind, namespace, name);
    return i == SLICE_NONE ? NULL : w->items[i];
}

static struct node *world_same(const struct world *w, const struct node *o)
{
    return world_find(w, arena_cstr(w->arena, tree_text(o, "kind")), tree_text_at(o, "metadata.namespace"),
                      tree_text_at(o, "metadata.name"));
}

const struct plan_head *world_head(struct world *w, size_t item)
{
    struct world_key *k = &w->keys[item];
    if (!k->is_read)
        k->head = plan_head(w->items[item]);
    k->is_read = true;
    return &k->head;
}

/* The object changes: a writer that has seen it before must look again. */
void world_touch(struct world *w, struct node *o)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->items[i] == o)
            w->keys[i].is_read = false;
    if (w->next_uid)
        tree_set_text(w->arena, node_get(o, LIT("metadata")), "resourceVersion",
                      arena_fmt(w->arena, "%llu", (unsigned long long)w->next_uid++));
}

static bool is_stale(const struct node *o, const struct node *written)
{
    slice version = tree_text_at(written, "metadata.resourceVersion");
    return version.n && !slice_eq(version, tree_text_at(o, "metadata.resourceVersion"));
}

static void apply_schema(struct world *w, struct node *object)
{
    const struct schema_kind *kind =
        schema_find(w->schemas, tree_text(object, "apiVersion"), tree_text(object, "kind"));
    if (!kind)
        return;
    struct findings findings = findings_new(w->arena);
    struct schema_run run = {.arena = w->arena, .findings = &findings, .set = w->schemas};
    schema_prune(&run, kind->schema, object);
    schema_drop_nulls(kind->schema, object);
    schema_default(&run, kind->schema, object);
}

void world_store(struct world *w, struct node *object)
{
    if (w->count == w->capacity)
        w->items = arena_grow(w->arena, w->items, w->count, &w->capacity, sizeof *w->items);
    if (w->count == w->key_capacity)
        w->keys = arena_grow(w->arena, w->keys, w->count, &w->key_capacity, sizeof *w->keys);
    w->keys[w->count] = key_of(object);
    w->items[w->count++] = object;
}

struct node *world_create(struct world *w, const struct node *object)
{
    if (world_same(w, object))
        return NULL;
    struct node *o = world_copy_object(w->arena, object), *metadata = node_get(o, LIT("metadata"));
    apply_schema(w, o);
    if (slice_eq(tree_text(o, "kind"), LIT("Job")))
        api_default_job(w->arena, o);
    slice uid = w->next_uid ? arena_fmt(w->arena, "uid-%llu", (unsigned long long)w->next_uid++) : LIT("UID");
    tree_set_text(w->arena, metadata, "uid", uid);
    if (!node_get(metadata, LIT("creationTimestamp")))
        tree_set_text(w->arena, metadata, "creationTimestamp", time_text(w));
    world_touch(w, o);
    world_store(w, o);
    w->creations++;
    return o;
}

static bool owns(const struct world_key *owner, const struct world_key *k)
{
    return slice_eq(owner->uid, k->owner_uid) && slice_eq(owner->name, k->owner_name) &&
           slice_eq(owner->kind, k->owner_kind);
}

/* Takes it out, and what it owns. */
static void vanish(struct world *w, size_t i)
{
    const struct world_key gone = w->keys[i];
    w->items[i] = w->items[--w->count];
    w->keys[i] = w->keys[w->count];
    for (size_t k = 0; k < w->count && !w->collects_later; k++) {
        const struct node *dependent = w->items[k];
        if (owns(&gone, &w->keys[k]) && world_delete(w, dependent) && w->items[k] != dependent)
            k = (size_t)-1; /* the list has changed */
    }
}

/* The object that is meant; NULL: it has gone or changed since it was read. */
static struct node *meant(const struct world *w, const struct node *object)
{
    struct node *o = world_same(w, object);
    bool same = o && !is_stale(o, object) &&
                slice_eq(tree_text_at(o, "metadata.uid"), tree_text_at(object, "metadata.uid"));
    return same ? o : NULL;
}

/* Only the first deletion of an object that finalizers hold changes it. */
static void mark_deleted(struct world *w, struct node *o)
{
    struct node *metadata = node_get(o, LIT("metadata"));
    if (node_get(metadata, LIT("deletionTimestamp")))
        return;
    tree_set_text(w->arena, metadata, "deletionTimestamp", time_text(w));
    world_touch(w, o);
}

bool world_delete(struct world *w, const struct node *object)
{
    struct node *o = meant(w, object);
    if (!o)
        return false;
    struct node *metadata = node_get(o, LIT("metadata"));
    if (!tree_empty(node_get(metadata, LIT("finalizers")))) {
        mark_deleted(w, o);
        return true;
    }
    w->deletions++;
    vanish(w, index_of(w, arena_cstr(w->arena, tree_text(o, "kind")), tree_text(metadata, "namespace"),
                       tree_text(metadata, "name")));
    return true;
}

static const slice foreground = SLICE("foregroundDeletion");

bool world_delete_in_foreground(struct world *w, const struct node *object)
{
    struct node *o = meant(w, object), *metadata = node_get(o, LIT("metadata"));
    if (!o || node_get(metadata, LIT("deletionTimestamp")))
        return o != NULL;
    if (!node_get(metadata, LIT("finalizers")))
        tree_put_array(w->arena, metadata, "finalizers");
    struct node *mark = node_new(w->arena, NODE_STRING, 0);
    mark->text = foreground;
    tree_put(node_get(metadata, LIT("finalizers")), NULL, mark);
    mark_deleted(w, o);
    return true;
}

static bool has_owner(const struct world *w, const struct world_key *k)
{
    for (size_t i = 0; i < w->count; i++)
        if (owns(&w->keys[i], k))
            return true;
    return false;
}

static bool has_dependents(const struct world *w, const struct world_key *owner)
{
    for (size_t i = 0; i < w->count; i++)
        if (owns(owner, &w->keys[i]))
            return true;
    return false;
}

/* Returns whether the object went. */
static bool end_foreground(struct world *w, size_t i)
{
    struct node *o = w->items[i];
    for (struct node *f = node_first(node_at(o, "metadata.finalizers")); f; f = node_next(f)) {
        if (!slice_eq(node_text(f), foreground) || has_dependents(w, &w->keys[i]))
            continue;
        f->flags |= NODE_DROPPED;
        world_touch(w, o);
        return tree_empty(node_at(o, "metadata.finalizers")) && world_delete(w, o);
    }
    return false;
}

void world_collect(struct world *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct node *o = w->items[i];
        bool orphan =
            w->keys[i].owner_uid.n && !has_owner(w, &w->keys[i]) && !node_at(o, "metadata.deletionTimestamp");
        if (orphan ? world_delete(w, o) : end_foreground(w, i))
            i = (size_t)-1; /* the list has changed */
    }
}

void world_merge(struct arena *a, struct node *into, const struct node *patch)
{
    for (const struct node *n = node_first(patch); n; n = node_next(n)) {
        const char *key = arena_cstr(a, n->key);
        struct node *old = node_get(into, n->key);
        if (n->kind == NODE_NULL)
            tree_unset(into, key);
        else if (n->kind == NODE_OBJECT && old && old->kind == NODE_OBJECT)
            world_merge(a, old, n);
        else
            tree_set(into, key, world_copy_object(a, n));
    }
}

static bool patch_object(struct world *w, const struct node *patch)
{
    struct node *o = world_same(w, patch);
    if (!o || is_stale(o, patch))
        return false;
    const struct node *before = node_copy(w->arena, o, 0);
    world_merge(w->arena, o, patch);
    if (!node_equal(before, o)) /* the API server stores nothing that is already there */
        world_touch(w, o);
    bool going = node_at(o, "metadata.deletionTimestamp") != NULL;
    if (going && tree_empty(node_at(o, "metadata.finalizers")))
        world_delete(w, o);
    return true;
}

static bool write_status(struct world *w, const struct node *written)
{
    struct node *o = world_same(w, written);
    const struct node *status = node_get(written, LIT("status"));
    if (!o || !status || is_stale(o, written))
        return false;
    world_touch(w, o);
    tree_set(o, "status", world_copy_object(w->arena, status));
    return true;
}

bool world_do(struct world *w, const struct plan_action *x)
{
    switch (x->verb) {
    case PLAN_CREATE:
        return world_create(w, x->object) != NULL;
    case PLAN_DELETE:
        return world_delete(w, x->object);
    case PLAN_PATCH:
        return patch_object(w, x->object);
    case PLAN_STATUS:
        return write_status(w, x->object);
    case PLAN_ASK:
        break;
    }
    return true;
}
