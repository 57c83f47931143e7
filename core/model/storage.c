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

/* ---- where data is ---- */

static struct location_text known_text(const struct text *t)
{
    return (struct location_text){t->value, text_known(t)};
}

/* A volume is the same under any name in the pod. */
static struct location_text volume_text(struct arena *a, const struct local *l)
{
    struct buf b = buf_new(a, SIZE_MAX / 2);
    for (const struct node *c = node_first(l->volume.node); c; c = node_next(c)) {
        if (slice_eq(c->key, LIT("name")))
            continue;
        buf_fmt(&b, "%.*s=", FMT(c->key));
        node_put_json(&b, c, true);
    }
    return (struct location_text){buf_slice(&b), l->volume.state == FIELD_GIVEN};
}

struct location storage_location(struct arena *a, const struct storage *s)
{
    struct location_fields f = {.type = s->used};
    if (s->used == STORAGE_NONE)
        return location_of(a, &f);
    f.prefix = known_text(storage_prefix(s));
    if (storage_bucket(s))
        f.bucket = known_text(storage_bucket(s));
    f.provider = known_text(&s->s3.provider);
    f.endpoint = known_text(&s->s3.endpoint);
    f.region = known_text(&s->s3.region);
    f.account = known_text(&s->azblob.storage_account);
    f.secret = known_text(&s->azblob.secret_name);
    if (s->used == STORAGE_LOCAL) {
        f.volume = volume_text(a, &s->local);
        f.sub_path.value = node_text(node_get(s->local.volume_mount.node, LIT("subPath")));
        f.sub_path.known = s->local.volume_mount.state == FIELD_GIVEN;
    }
    return location_of(a, &f);
}

struct storage_member storage_member(const struct storage *s, enum location_field field)
{
    switch (field) {
    case LOCATION_PROVIDER:
        return (struct storage_member){"provider", s->s3.provider.node};
    case LOCATION_ENDPOINT:
        return (struct storage_member){"endpoint", s->s3.endpoint.node};
    case LOCATION_ACCOUNT:
        return (struct storage_member){"storageAccount", s->azblob.storage_account.node};
    case LOCATION_VOLUME:
        return (struct storage_member){"volume", s->local.volume.node};
    case LOCATION_BUCKET:
        return (struct storage_member){s->used == STORAGE_AZBLOB ? "container" : "bucket",
                                       storage_bucket(s) ? storage_bucket(s)->node : NULL};
    case LOCATION_PREFIX:
        return (struct storage_member){"prefix", storage_prefix(s)->node};
    case LOCATION_TYPE:
        break;
    }
    return (struct storage_member){NULL, storage_node(s)};
}
