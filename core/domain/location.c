/* Places of data, and the relation between two of them. */
#include "location.h"

#include "ascii.h"
#include "buf.h"
#include "endpoint.h"
#include "storage_path.h"

/* ---- services ---- */

static void put_lower(struct buf *b, slice s)
{
    for (size_t i = 0; i < s.n; i++)
        buf_char(b, ascii_lower(s.p[i]));
}

/* Bucket names are unique within a partition of AWS, and there are three. */
static slice aws_partition(slice region_or_host)
{
    if (slice_starts(region_or_host, LIT("cn-")) || slice_ends(region_or_host, LIT(".cn")))
        return LIT("aws-cn");
    bool government = slice_starts(region_or_host, LIT("us-gov-")) ||
                      slice_find(region_or_host, LIT(".us-gov-")) != SLICE_NONE;
    return government ? LIT("aws-us-gov") : LIT("aws");
}

/* A host that answers on the ports of http and of https is one host. */
static bool put_endpoint(struct buf *b, slice text)
{
    struct endpoint url;
    if (!endpoint_parse(text, &url, NULL))
        return false;
    if (endpoint_is_aws(url.host)) {
        buf_put(b, aws_partition(url.host));
        return true;
    }
    bool tls = slice_eq_nocase(url.scheme, LIT("https"));
    put_lower(b, url.host);
    if (url.port.n && !slice_eq(url.port, tls ? LIT("443") : LIT("80")))
        buf_fmt(b, ":%.*s", FMT(url.port));
    slice path = slice_trim_slashes(url.path);
    if (path.n)
        buf_fmt(b, "/%.*s", FMT(path));
    return true;
}

static bool put_s3(struct buf *b, const struct location_fields *f)
{
    if (!f->provider.known || !f->endpoint.known)
        return false;
    if (f->endpoint.value.n)
        return put_endpoint(b, f->endpoint.value);
    bool aws = !f->provider.value.n || slice_eq(f->provider.value, LIT("aws"));
    buf_put(b, aws ? aws_partition(f->region.value) : f->provider.value);
    return true;
}

/* An account that only a Secret names is the same where the Secrets have the same name. */
static bool put_azblob(struct buf *b, const struct location_fields *f)
{
    if (!f->account.known || (!f->account.value.n && !f->secret.known))
        return false;
    if (f->account.value.n)
        buf_fmt(b, "account %.*s", FMT(f->account.value));
    else
        buf_fmt(b, "secret %.*s", FMT(f->secret.value));
    return true;
}

static bool put_service(struct buf *b, const struct location_fields *f)
{
    switch (f->type) {
    case STORAGE_S3:
        buf_put(b, LIT("s3 "));
        return put_s3(b, f);
    case STORAGE_GCS:
        buf_put(b, LIT("gcs"));
        return true;
    case STORAGE_AZBLOB:
        buf_put(b, LIT("azblob "));
        return put_azblob(b, f);
    case STORAGE_LOCAL:
        buf_fmt(b, "local %.*s", FMT(f->volume.value));
        return f->volume.known && f->volume.value.n;
    case STORAGE_NONE:
        break;
    }
    return false;
}

/* ---- places ---- */

/* Returns false when nothing is known, or when BR writes to a bucket other than the named one, or shortens the folder. */
static bool set_folder(struct arena *a, const struct location_fields *f, struct location *ret)
{
    bool local = f->type == STORAGE_LOCAL;
    if (!f->prefix.known || (local ? !f->sub_path.known : !f->bucket.known || !f->bucket.value.n))
        return false;
    slice root = local ? LIT("volume") : f->bucket.value, path = f->prefix.value;
    if (local && f->sub_path.value.n)
        path = path_join(a, f->sub_path.value, path);
    struct storage_place place = storage_place(a, root, path);
    ret->bucket = place.bucket;
    ret->folder = place.prefix;
    ret->placed = true;
    return !place.outside && !place.cut_short;
}

struct location location_of(struct arena *a, const struct location_fields *fields)
{
    struct location ret = {.type = fields->type, .written = *fields};
    struct buf service = buf_new(a, SIZE_MAX / 2);
    bool served = put_service(&service, fields);
    if (served)
        ret.service = buf_slice(&service);
    bool plain = set_folder(a, fields, &ret);
    ret.known = served && plain;
    return ret;
}

/* ---- comparing ---- */

static bool are_given(const struct location_text *a, const struct location_text *b)
{
    return a->known && a->value.n && b->known && b->value.n;
}

/* Returns false when it cannot decide whether the services are the same. */
static bool compare_services(const struct location *a, const struct location *b, unsigned *differs)
{
    const struct location_fields *x = &a->written, *y = &b->written;
    if (!a->service.n || !b->service.n)
        return false;
    if (slice_eq(a->service, b->service))
        return true;
    if (a->type == STORAGE_AZBLOB) {
        bool accounts = are_given(&x->account, &y->account);
        *differs |= accounts ? LOCATION_ACCOUNT : 0u;
        return accounts;
    }
    bool endpoint = x->endpoint.value.n || y->endpoint.value.n;
    *differs |= a->type == STORAGE_LOCAL ? LOCATION_VOLUME : endpoint ? LOCATION_ENDPOINT : LOCATION_PROVIDER;
    return true;
}

/* Bucket and prefix are joined before they are compared; the difference may then come from either or both. */
static bool compare_folders(const struct location *a, const struct location *b, unsigned *differs)
{
    if (!a->placed || !b->placed)
        return false;
    bool same_bucket = slice_eq(a->bucket, b->bucket), same_folder = slice_eq(a->folder, b->folder);
    bool bucket_written = !slice_eq(a->written.bucket.value, b->written.bucket.value),
         prefix_written = !slice_eq(a->written.prefix.value, b->written.prefix.value);
    if (!same_bucket || (!same_folder && (bucket_written || !prefix_written)))
        *differs |= LOCATION_BUCKET;
    if (!same_folder && prefix_written)
        *differs |= LOCATION_PREFIX;
    return true;
}

static enum location_relation relation_of(const struct location *a, const struct location *b,
                                          unsigned differs)
{
    if (!differs)
        return LOCATION_SAME;
    if (!slice_eq(a->service, b->service) || !slice_eq(a->bucket, b->bucket))
        return LOCATION_APART;
    if (slice_starts(a->folder, b->folder))
        return LOCATION_INSIDE;
    return slice_starts(b->folder, a->folder) ? LOCATION_AROUND : LOCATION_APART;
}

struct location_comparison location_compare(const struct location *a, const struct location *b)
{
    struct location_comparison c = {0};
    if (a->type == STORAGE_NONE || b->type == STORAGE_NONE)
        return c;
    if (a->type != b->type) {
        c.differs = LOCATION_TYPE;
        c.relation = LOCATION_APART;
        return c;
    }
    bool services = compare_services(a, b, &c.differs), folders = compare_folders(a, b, &c.differs);
    if (services && folders)
        c.relation = relation_of(a, b, c.differs);
    else if (c.differs & ~(unsigned)LOCATION_PREFIX)
        c.relation = LOCATION_APART; /* whatever the rest is */
    return c;
}
