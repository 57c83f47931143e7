/* Bucket and prefix: Go's path.Join. */
#include "topics.h"

#include "storage_path.h"

static void put_path(struct dice *d, struct buf *b)
{
    static const char *const parts[] = {"a", "bc",  ".",  "..",  "/", "//",  "/",
                                        "/", "...", ".a", "..a", "?", "/../"};
    for (unsigned n = dice_below(d, 8); n > 0; n--)
        DICE_PUT(d, b, parts);
}

static void make(struct dice *d, struct buf *b)
{
    put_path(d, b);
    buf_char(b, 0);
    put_path(d, b);
}

static void answer(struct arena *a, slice input, struct buf *b)
{
    size_t n = slice_find_char(input, 0);
    buf_char(b, '+');
    buf_put(b, path_join(a, slice_cut(input, 0, n), slice_from(input, n + 1)));
}

const struct fidelity_topic topic_path = {"path", make, answer, NULL, 0};
