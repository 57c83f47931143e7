/* The JSON reader: what it takes reads back the same from what is printed. */
#include "fuzz.h"

#include "document.h"
#include "position.h"

static slice json_of(struct arena *a, const struct node *n)
{
    struct buf b = buf_new(a, SIZE_MAX / 2);
    node_put_json(&b, n, false);
    return buf_slice(&b);
}

static struct node *json_again(struct arena *a, slice json)
{
    struct findings f = findings_new(a);
    struct node *root = json_read(a, json, &f);
    PROMISE(root && f.count == 0);
    return root;
}

static void check(struct arena *a, slice bytes)
{
    struct findings f = findings_new(a);
    struct node *root = json_read(a, bytes, &f);
    PROMISE(root || f.count);
    for (const struct finding *x = f.first; x; x = x->next) {
        uint32_t from, to;
        place_span(x->place, bytes, &from, &to);
        PROMISE(from <= to && to <= bytes.n);
    }
    if (!root)
        return;
    /* The printed text reads back, and does not change from then on. (At first -0e0 and 1e18 + 0.5 become integers, as
     * they do in Go.) */
    slice once = json_of(a, json_again(a, json_of(a, root)));
    PROMISE(slice_eq(once, json_of(a, json_again(a, once))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_in_arena(check, data, size);
}
