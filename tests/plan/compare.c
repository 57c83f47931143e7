/* Are two stored objects the same? Times and uids of a record are names, quantities have many spellings. */
#include "history.h"
#include "quantity.h"
#include "tree.h"

struct comparison {
    struct arena *arena;
    slice result; /* empty so far */
};

static void differ(struct comparison *c, const char *path, const char *what)
{
    if (!c->result.n)
        c->result = arena_fmt(c->arena, "%s: %s", *path ? path : "(root)", what);
}

static bool is_quantity_key(slice key)
{
    static const slice keys[] = {SLICE("cpu"),     SLICE("memory"),  SLICE("ephemeral-storage"),
                                 SLICE("storage"), SLICE("divisor"), SLICE("sizeLimit")};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (slice_eq(key, keys[i]))
            return true;
    return false;
}

static slice scalar_text(struct arena *a, const struct node *n)
{
    struct buf b = buf_new(a, 4096);
    if (n->kind == NODE_STRING)
        return n->text;
    node_put_json(&b, n, false);
    return buf_slice(&b);
}

static bool same_quantity(struct arena *a, const struct node *x, const struct node *y)
{
    struct quantity p, q;
    return quantity_parse(scalar_text(a, x), &p, NULL) && quantity_parse(scalar_text(a, y), &q, NULL) &&
           quantity_cmp(&p, &q) == 0;
}

/* TIME in a recorded text matches any time. */
static bool same_text(slice ours, slice recorded)
{
    size_t at = slice_find(recorded, LIT("TIME"));
    if (at == SLICE_NONE)
        return slice_eq(ours, recorded);
    slice tail = slice_from(recorded, at + 4);
    return slice_starts(ours, slice_cut(recorded, 0, at)) && slice_ends(ours, tail) && ours.n > at + tail.n;
}

static bool nothing(const struct node *n)
{
    return !n || n->kind == NODE_NULL || (n->kind == NODE_ARRAY && !node_first(n));
}

static void compare(struct comparison *c, const char *path, slice key, const struct node *ours,
                    const struct node *recorded);

static void compare_members(struct comparison *c, const char *path, const struct node *ours,
                            const struct node *recorded)
{
    struct arena *a = c->arena;
    for (const struct node *n = node_first(recorded); n; n = node_next(n)) {
        const char *below = arena_cstr(a, arena_fmt(a, "%s.%.*s", path, FMT(n->key)));
        compare(c, below, n->key, node_get(ours, n->key), n);
    }
    for (const struct node *n = node_first(ours); n; n = node_next(n))
        if (!nothing(n) && !node_get(recorded, n->key))
            differ(c, arena_cstr(a, arena_fmt(a, "%s.%.*s", path, FMT(n->key))), "not in the record");
}

static void compare_elements(struct comparison *c, const char *path, const struct node *ours,
                             const struct node *recorded)
{
    struct arena *a = c->arena;
    const struct node *x = node_first(ours), *y = node_first(recorded);
    size_t i = 0;
    for (; x && y; x = node_next(x), y = node_next(y), i++)
        compare(c, arena_cstr(a, arena_fmt(a, "%s[%zu]", path, i)), (slice){0}, x, y);
    if (x || y)
        differ(c, arena_cstr(a, arena_fmt(a, "%s[%zu]", path, i)), x ? "not in the record" : "missing");
}

static void compare(struct comparison *c, const char *path, slice key, const struct node *ours,
                    const struct node *recorded)
{
    struct arena *a = c->arena;
    if (c->result.n || (nothing(ours) && nothing(recorded)))
        return;
    if (nothing(ours) || nothing(recorded)) {
        differ(c, path, nothing(ours) ? "missing" : "not in the record");
    } else if (is_quantity_key(key)) {
        if (!same_quantity(a, ours, recorded))
            differ(c, path, "another quantity");
    } else if (ours->kind == NODE_OBJECT && recorded->kind == NODE_OBJECT) {
        compare_members(c, path, ours, recorded);
    } else if (ours->kind == NODE_ARRAY && recorded->kind == NODE_ARRAY) {
        compare_elements(c, path, ours, recorded);
    } else if (ours->kind == NODE_STRING && recorded->kind == NODE_STRING) {
        if (!same_text(ours->text, recorded->text))
            differ(c, path,
                   arena_cstr(
                       a, arena_fmt(a, "\"%.*s\", recorded \"%.*s\"", FMT(ours->text), FMT(recorded->text))));
    } else if (!node_equal(ours, recorded)) {
        differ(c, path,
               arena_cstr(a, arena_fmt(a, "%.*s, recorded %.*s", FMT(scalar_text(a, ours)),
                                       FMT(scalar_text(a, recorded)))));
    }
}

slice first_difference(struct arena *a, const struct node *ours, const struct node *recorded)
{
    struct comparison c = {.arena = a};
    compare(&c, "", (slice){0}, ours, recorded);
    return c.result;
}
