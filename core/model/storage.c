/* One view on the four kinds of storage block. */
#include "model.h"

const char *storage_type_name(enum storage_type t)
{
    static const char *const names[] = {"", "s3", "gcs", "azblob", "local"};
    return names[t];
}

const struct node *storage_node(const struct storage *s)
{
    const struct node *nodes[] = {NULL, s->s3.node, s->gcs.node, s->azblob.node, s->local.node};
    return nodes[s->used];
}

const struct text *storage_prefix(const struct storage *s)
{
    const struct text *prefixes[] = {NULL, &s->s3.prefix, &s->gcs.prefix, &s->azblob.prefix,
                                     &s->local.prefix};
    return prefixes[s->used];
}

const struct text *storage_bucket(const struct storage *s)
{
    const struct text *buckets[] = {NULL, &s->s3.bucket, &s->gcs.bucket, &s->azblob.container, NULL};
    return buckets[s->used];
}

const struct text *storage_secret_name(const struct storage *s)
{
    const struct text *names[] = {NULL, &s->s3.secret_name, &s->gcs.secret_name, &s->azblob.secret_name,
                                  NULL};
    return names[s->used];
}
