/* Whether two storage blocks name the same place. */
#include "model.h"

#include "endpoint.h"
#include "storage_path.h"

/* Certain on both sides: neither a placeholder nor a value that another finding is about. */
static bool both_known(const struct text *a, const struct text *b)
{
    return (text_given(a) || text_empty(a)) && (text_given(b) || text_empty(b));
}

static bool same_folder(struct arena *arena, const struct text *root_a, const struct text *prefix_a,
                        const struct text *root_b, const struct text *prefix_b)
{
    struct storage_place a = storage_place(arena, root_a->value, prefix_a->value);
    struct storage_place b = storage_place(arena, root_b->value, prefix_b->value);
    return storage_same(&a, &b);
}

static slice port_of(const struct endpoint *e)
{
    if (e->port.n)
        return e->port;
    return slice_eq_nocase(e->scheme, LIT("https")) ? LIT("443") : LIT("80");
}

static bool same_endpoint(slice a, slice b)
{
    struct endpoint x, y;
    if (!endpoint_parse(a, &x, NULL) || !endpoint_parse(b, &y, NULL))
        return slice_eq(a, b);
    return slice_eq_nocase(x.scheme, y.scheme) && slice_eq_nocase(x.host, y.host) &&
           slice_eq(port_of(&x), port_of(&y));
}

static bool same_s3_service(const struct s3 *a, const struct s3 *b)
{
    if (!both_known(&a->endpoint, &b->endpoint) || !both_known(&a->provider, &b->provider))
        return true;
    if (a->endpoint.value.n || b->endpoint.value.n)
        return same_endpoint(a->endpoint.value, b->endpoint.value);
    slice aws = LIT("aws"), in_a = text_given(&a->provider) ? a->provider.value : aws;
    return slice_eq(in_a, text_given(&b->provider) ? b->provider.value : aws);
}

static bool differ_in(struct storage_difference *ret, const char *member, const struct node *a,
                      const struct node *b)
{
    *ret = (struct storage_difference){member, a, b};
    return false;
}

/* Both given and not the same: of a bucket's region or a container's account there is one. */
static bool contradict(const struct text *a, const struct text *b)
{
    return text_given(a) && text_given(b) && !slice_eq(a->value, b->value);
}

static bool same_in_bucket(struct arena *arena, const struct storage *a, const struct storage *b,
                           const char *root, struct storage_difference *ret)
{
    const struct text *root_a = storage_bucket(a), *root_b = storage_bucket(b);
    const struct text *prefix_a = storage_prefix(a), *prefix_b = storage_prefix(b);
    if (!both_known(root_a, root_b) || !both_known(prefix_a, prefix_b) || text_empty(root_a) ||
        text_empty(root_b))
        return true;
    if (same_folder(arena, root_a, prefix_a, root_b, prefix_b))
        return true;
    if (slice_eq(root_a->value, root_b->value))
        return differ_in(ret, "prefix", prefix_a->node, prefix_b->node);
    return differ_in(ret, root, root_a->node, root_b->node);
}

static bool same_s3(struct arena *arena, const struct storage *a, const struct storage *b,
                    struct storage_difference *ret)
{
    const struct s3 *x = &a->s3, *y = &b->s3;
    if (!same_s3_service(x, y))
        return x->endpoint.value.n || y->endpoint.value.n
                   ? differ_in(ret, "endpoint", x->endpoint.node, y->endpoint.node)
                   : differ_in(ret, "provider", x->provider.node, y->provider.node);
    if (contradict(&x->region, &y->region))
        return differ_in(ret, "region", x->region.node, y->region.node);
    return same_in_bucket(arena, a, b, "bucket", ret);
}

/* Volumes are the same whatever they are called. */
static bool same_volume(const struct node *a, const struct node *b)
{
    for (const struct node *n = node_first(a); n; n = node_next(n)) {
        const struct node *other = node_get(b, n->key);
        if (!slice_eq(n->key, LIT("name")) && !(other && node_equal(n, other)))
            return false;
    }
    return true;
}

static bool same_local(struct arena *arena, const struct storage *a, const struct storage *b,
                       struct storage_difference *ret)
{
    const struct node *x = a->local.volume.node, *y = b->local.volume.node;
    if (x && y && !(same_volume(x, y) && same_volume(y, x)))
        return differ_in(ret, "volume", x, y);
    const struct text none = {0};
    if (!both_known(&a->local.prefix, &b->local.prefix) ||
        same_folder(arena, &none, &a->local.prefix, &none, &b->local.prefix))
        return true;
    return differ_in(ret, "prefix", a->local.prefix.node, b->local.prefix.node);
}

bool storage_same_place(struct arena *arena, const struct storage *a, const struct storage *b,
                        struct storage_difference *ret)
{
    if (a->count != 1 || b->count != 1)
        return true;
    if (a->used != b->used)
        return differ_in(ret, NULL, storage_node(a), storage_node(b));
    switch (a->used) {
    case STORAGE_S3:
        return same_s3(arena, a, b, ret);
    case STORAGE_GCS:
        return same_in_bucket(arena, a, b, "bucket", ret);
    case STORAGE_AZBLOB:
        if (contradict(&a->azblob.storage_account, &b->azblob.storage_account))
            return differ_in(ret, "storageAccount", a->azblob.storage_account.node,
                             b->azblob.storage_account.node);
        return same_in_bucket(arena, a, b, "container", ret);
    case STORAGE_LOCAL:
        return same_local(arena, a, b, ret);
    case STORAGE_NONE:
        break;
    }
    return true;
}
