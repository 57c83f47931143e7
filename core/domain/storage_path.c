/* Paths as Go joins them, and the two readings of a bucket with a prefix. */
#include "storage_path.h"

#include "buf.h"

/* Removes the last element of what has been put, down to `floor`. */
static void step_up(struct buf *out, size_t floor)
{
    while (out->n > floor && out->p[out->n - 1] != '/')
        out->n--;
    if (out->n > floor)
        out->n--; /* the slash before it */
}

slice path_clean(struct arena *a, slice path)
{
    if (path.n == 0)
        return LIT(".");
    bool rooted = path.p[0] == '/';
    struct buf out = buf_new(a, path.n + 2);
    if (rooted)
        buf_char(&out, '/');
    size_t root = out.n, floor = root; /* nothing before `floor` can be stepped up from: leading ../ */
    while (path.n) {
        size_t n = slice_find_char(path, '/');
        slice element = n == SLICE_NONE ? path : slice_cut(path, 0, n);
        path = n == SLICE_NONE ? (slice){0} : slice_from(path, n + 1);
        if (element.n == 0 || slice_eq(element, LIT(".")))
            continue;
        bool up = slice_eq(element, LIT(".."));
        if (up && out.n > floor) {
            step_up(&out, floor);
        } else if (!up || !rooted) {
            if (out.n > root)
                buf_char(&out, '/');
            buf_put(&out, element);
            if (up)
                floor = out.n;
        }
    }
    return out.n ? buf_slice(&out) : LIT(".");
}

slice path_join(struct arena *a, slice first, slice second)
{
    if (first.n == 0 && second.n == 0)
        return (slice){0};
    if (first.n == 0 || second.n == 0)
        return path_clean(a, first.n ? first : second);
    struct buf joined = buf_new(a, first.n + second.n + 1);
    buf_put(&joined, first);
    buf_char(&joined, '/');
    buf_put(&joined, second);
    return path_clean(a, buf_slice(&joined));
}

/* The path's first element; what follows it, without slashes around, goes to `*ret_rest`. */
static slice first_element(slice path, slice *ret_rest)
{
    size_t n = slice_find_char(path, '/');
    *ret_rest = n == SLICE_NONE ? (slice){0} : slice_trim_slashes(slice_from(path, n + 1));
    return n == SLICE_NONE ? path : slice_cut(path, 0, n);
}

static slice with_slash(struct arena *a, slice prefix)
{
    struct buf b = buf_new(a, prefix.n + 1);
    buf_put(&b, prefix);
    if (prefix.n)
        buf_char(&b, '/');
    return buf_slice(&b);
}

struct storage_place storage_place(struct arena *a, slice bucket, slice prefix)
{
    struct storage_place p = {0};
    slice rest, path = path_join(a, bucket, prefix);
    for (size_t i = 0; i < path.n && !p.cut_short; i++)
        if (path.p[i] == '?' || path.p[i] == '#') {
            path.n = i;
            p.cut_short = true;
        }
    p.bucket = first_element(path, &rest);
    p.prefix = with_slash(a, rest);
    p.clean_bucket = first_element(bucket, &rest);
    struct buf listed = buf_new(a, bucket.n + prefix.n + 2);
    buf_put(&listed, with_slash(a, rest));
    buf_put(&listed, slice_trim_slashes(prefix));
    buf_char(&listed, '/');
    p.clean_prefix = buf_slice(&listed);
    p.outside = !slice_eq(p.bucket, p.clean_bucket);
    return p;
}

bool storage_clean_misses(const struct storage_place *p)
{
    return p->outside || !slice_eq(p->prefix, p->clean_prefix);
}
