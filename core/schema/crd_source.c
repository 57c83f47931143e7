/* Puts the parts into a CRD: each `$use` gives way to the part of that name, overlaid with its other
 * members. */
#include "crd_source.h"

struct crd_parts {
    struct arena *arena;
    struct node **files; /* the mappings of the part files */
    size_t count;
    slice group;
    struct error error;
};

struct use { /* the parts that are being put in, innermost first */
    const struct use *outer;
    slice name;
};

static struct node *give_up(struct crd_parts *s, const char *what, slice name, const struct node *at)
{
    if (!s->error.text[0])
        error_set(&s->error, "%s%.*s%s%.*s", what, FMT(name), at ? ", at " : "",
                  FMT(at ? node_path(s->arena, at) : (slice){0}));
    return NULL;
}

static struct node *read_mapping(struct crd_parts *s, slice text)
{
    struct findings f = findings_new(s->arena);
    struct stream *stream = stream_read(s->arena, text, &f);
    if (f.first)
        return give_up(s, "not read: ", f.first->message, f.first->place.node);
    if (stream->count != 1 || stream->first->root->kind != NODE_OBJECT)
        return give_up(s, "not one mapping: ", slice_cut(text, 0, 40), NULL);
    return stream->first->root;
}

static const struct node *part_find(const struct crd_parts *s, slice name)
{
    const struct node *part = NULL;
    for (size_t i = 0; i < s->count && !part; i++)
        part = node_get(s->files[i], name);
    return part;
}

static bool add_parts(struct crd_parts *s, slice text)
{
    struct node *file = read_mapping(s, text);
    for (struct node *part = node_first(file); part; part = node_next(part))
        if (part_find(s, part->key)) {
            give_up(s, "given twice: ", part->key, NULL);
            return false;
        }
    s->files[s->count++] = file;
    return file != NULL;
}

static bool in_use(const struct use *inside, slice name)
{
    while (inside && !slice_eq(inside->name, name))
        inside = inside->outer;
    return inside != NULL;
}

static struct node *member_take(struct node *object, struct node *member)
{
    member->parent = member->next = NULL;
    node_append(object, member);
    return member;
}

/* Merges the members of `over` into `base`; both are trees of our own making, and `over` is used up. */
static void overlay(struct node *base, struct node *over)
{
    for (struct node *m = node_first(over), *next; m; m = next) {
        next = node_next(m);
        struct node *old = node_get(base, m->key);
        if (old && old->kind == NODE_OBJECT && m->kind == NODE_OBJECT) {
            overlay(old, m);
            continue;
        }
        if (old)
            old->flags |= NODE_PRUNED;
        if (!old || m->kind != NODE_NULL) /* a null without an old member stays, for all_removed() to find */
            member_take(base, m);
    }
}

static struct node *flatten(struct crd_parts *s, const struct node *n, const struct use *inside);

static struct node *flatten_part(struct crd_parts *s, const struct node *use, const struct use *inside)
{
    if (use->kind != NODE_STRING)
        return give_up(s, "$use requires a name", (slice){0}, use);
    struct use here = {inside, arena_fmt(s->arena, "%.*s@%.*s", FMT(use->text), FMT(s->group))};
    if (in_use(inside, here.name) || !part_find(s, here.name))
        here.name = use->text;
    const struct node *part = part_find(s, here.name);
    if (!part || part->kind != NODE_OBJECT)
        return give_up(s, "no such part: ", here.name, use);
    if (in_use(inside, here.name))
        return give_up(s, "uses itself: ", here.name, use);
    return flatten(s, part, &here);
}

static struct node *flatten(struct crd_parts *s, const struct node *n, const struct use *inside)
{
    if (n->kind != NODE_OBJECT && n->kind != NODE_ARRAY)
        return node_copy(s->arena, n, 0);
    struct node *own = node_new(s->arena, n->kind, 0);
    const struct node *use = node_get(n, LIT("$use"));
    for (const struct node *m = node_first(n); m; m = node_next(m)) {
        if (m == use)
            continue;
        struct node *child = flatten(s, m, inside);
        if (!child)
            return NULL;
        child->key = m->key;
        node_append(own, child);
    }
    if (!use)
        return own;
    struct node *whole = flatten_part(s, use, inside);
    if (whole)
        overlay(whole, own);
    return whole;
}

static bool all_removed(struct crd_parts *s, const struct node *n)
{
    if (n->kind == NODE_NULL) {
        give_up(s, "null removes nothing", (slice){0}, n);
        return false;
    }
    for (const struct node *m = node_first(n); m; m = node_next(m))
        if (!all_removed(s, m))
            return false;
    return true;
}

struct node *crd_flatten(struct arena *a, slice crd, const slice *parts, size_t part_count,
                         struct error *reterr)
{
    struct crd_parts s = {.arena = a, .files = ARENA_ARRAY(a, struct node *, part_count + 1)};
    struct node *flat = NULL, *source = read_mapping(&s, crd);
    bool readable = source != NULL;
    for (size_t i = 0; readable && i < part_count; i++)
        readable = add_parts(&s, parts[i]);
    const struct node *group = node_at(source, "spec.group");
    if (readable && group && group->kind == NODE_STRING) {
        s.group = group->text;
        flat = flatten(&s, source, NULL);
    } else if (readable) {
        give_up(&s, "no spec.group", (slice){0}, NULL);
    }
    if (flat && !all_removed(&s, flat))
        flat = NULL;
    if (!flat)
        *reterr = s.error;
    return flat;
}
