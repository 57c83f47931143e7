/* Finds equal keys in one object without quadratic time, and looks up keys in objects with many members. It sorts
 * rather than hashes: no choice of keys makes it slow. */
#include "brgate_limits.h"
#include "reader.h"
#include "utf8.h"

#include <string.h>

struct entry {
    uint64_t prefix; /* the first bytes of the key, so that most comparisons stay inside the array */
    struct node *node;
};

struct key_index {
    struct node *last; /* members behind this one are not in the index */
    size_t count;
    struct entry *entries; /* by key, each key once */
};

static uint64_t prefix_of(slice key)
{
    unsigned char head[8] = {0};
    if (key.n)
        memcpy(head, key.p, key.n < sizeof head ? key.n : sizeof head);
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof head; i++)
        value = value << 8 | head[i];
    return value;
}

static int entry_cmp(const struct entry *x, const struct entry *y)
{
    if (x->prefix != y->prefix)
        return x->prefix < y->prefix ? -1 : 1;
    return slice_cmp(x->node->key, y->node->key);
}

/* Merge sort from the bottom up: stable, so that equal keys stay in source order. */
static struct entry *sort(struct entry *from, struct entry *to, size_t count)
{
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            size_t i = start, middle = start + width < count ? start + width : count;
            size_t j = middle, end = middle + width < count ? middle + width : count;
            for (size_t k = start; k < end; k++) {
                bool left = i < middle && (j == end || entry_cmp(&from[i], &from[j]) <= 0);
                to[k] = left ? from[i++] : from[j++];
            }
        }
        struct entry *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

static struct entry *entries_of(struct arena *a, const struct node *object)
{
    struct entry *entries = ARENA_ARRAY(a, struct entry, object->count);
    bool sorted = true;
    size_t n = 0;
    for (struct node *m = object->first; m; m = m->next, n++) {
        entries[n] = (struct entry){prefix_of(m->key), m};
        sorted = sorted && (n == 0 || entry_cmp(&entries[n - 1], &entries[n]) <= 0);
    }
    return sorted ? entries : sort(entries, ARENA_ARRAY(a, struct entry, n), n);
}

static void report(struct findings *f, const struct node *first, const struct node *again, bool two_objects)
{
    if (findings_full(f, &rule_duplicate_key))
        return; /* a damaged file has a million of them */
    slice key = utf8_cut(again->key, 100);
    struct buf quoted = buf_new(f->arena, 1000);
    buf_quote(&quoted, key);
    bool merged = again->flags & NODE_MERGED;
    struct finding *x = finding_at(f, &rule_duplicate_key, FIELD_NONE, at_key(again),
                                   merged ? "the merge key sets %.*s again and replaces the value above it"
                                          : "key %.*s is set twice in the same object; the last one wins",
                                   FMT(buf_slice(&quoted)));
    if (merged)
        finding_hint(x, "put the merge key (<<) first: in kubectl the later value wins");
    else
        finding_hint(x, two_objects ? "put a line --- above the second object" : "keep one of them");
    finding_note(x, at_bytes(first->key_at, first->key_end), "first set here");
}

/* `earlier` loses to `later`; `first` is the first one of that key. */
static void shadow(struct findings *f, struct node *first, struct node *earlier, struct node *later,
                   bool two_objects)
{
    earlier->flags |= NODE_SHADOWED;
    if (f && !(earlier->flags & NODE_MERGED) && (!two_objects || slice_eq(later->key, LIT("apiVersion"))))
        report(f, first->flags & NODE_MERGED ? earlier : first, later, two_objects);
}

/* Two objects without a separator repeat all their keys: reported once, at apiVersion. */
static bool holds_two_objects(const struct node *object)
{
    size_t versions = 0, kinds = 0;
    for (const struct node *m = object->first; m; m = m->next) {
        versions += slice_eq(m->key, LIT("apiVersion"));
        kinds += slice_eq(m->key, LIT("kind"));
    }
    return versions > 1 && kinds > 1;
}

static void compare_few(struct node *object, struct findings *f)
{
    for (struct node *later = object->first->next; later; later = later->next) {
        struct node *first = NULL, *earlier = NULL;
        for (struct node *m = object->first; m != later; m = m->next)
            if (slice_eq(m->key, later->key)) {
                first = first ? first : m;
                earlier = m;
            }
        if (earlier)
            shadow(f, first, earlier, later, holds_two_objects(object));
    }
}

static void index_many(struct arena *a, struct node *object, struct findings *f)
{
    struct entry *entries = entries_of(a, object);
    bool two_objects = holds_two_objects(object);
    size_t kept = 0;
    for (size_t i = 0, end; i < object->count; i = end) {
        for (end = i + 1; end < object->count && entry_cmp(&entries[i], &entries[end]) == 0; end++)
            shadow(f, entries[i].node, entries[end - 1].node, entries[end].node, two_objects);
        entries[kept++] = entries[end - 1];
    }
    struct key_index *index = ARENA_NEW(a, struct key_index);
    *index = (struct key_index){object->last, kept, entries};
    object->index = index;
}

void object_close_checked(struct arena *a, struct node *object, struct findings *f)
{
    object->index = NULL;
    if (object->count > FEW_MEMBERS)
        index_many(a, object, f);
    else
        compare_few(object, f);
}

void object_index(struct arena *a, struct node *object)
{
    object->index = NULL;
    if (object->count > FEW_MEMBERS)
        index_many(a, object, NULL);
}

struct node *key_index_find(const struct key_index *index, slice key, struct node **ret_rest)
{
    struct node wanted = {.key = key};
    struct entry e = {prefix_of(key), &wanted};
    size_t low = 0, high = index->count;
    *ret_rest = index->last->next;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = entry_cmp(&index->entries[middle], &e);
        if (order == 0)
            return index->entries[middle].node;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
