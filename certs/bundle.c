/* Reads and merges lists of certificates. */
#include "bundle.h"
#include "openssl.h"

#include <openssl/pem.h>

static slice pem_of(struct arena *a, X509 *c)
{
    scoped(BIO) *out = BIO_new(BIO_s_mem());
    return out && PEM_write_bio_X509(out, c) ? openssl_text(a, out) : (slice){0};
}

bool bundle_read(struct arena *a, slice pem, struct bundle *ret, struct error *reterr)
{
    *ret = (struct bundle){0};
    STACK_OF(X509) *all = openssl_certificates(pem);
    if (!all)
        return openssl_no_certificate(reterr, "", pem);
    int count = sk_X509_num(all);
    ret->entries = arena_try(a, (size_t)count * sizeof *ret->entries);
    bool done = ret->entries || error_set(reterr, "out of memory");
    for (int i = 0; done && ret->entries && i < count; i++) {
        struct bundle_entry *e = &ret->entries[i];
        done = openssl_describe(a, sk_X509_value(all, i), &e->info, reterr);
        e->pem = pem_of(a, sk_X509_value(all, i));
        if (done && !e->pem.n)
            done = error_set(reterr, "out of memory");
        ret->count++;
    }
    openssl_free_certificates(all);
    return done;
}

bool bundle_has(const struct bundle *b, slice fingerprint)
{
    for (size_t i = 0; i < b->count; i++)
        if (slice_eq(b->entries[i].info.fingerprint, fingerprint))
            return true;
    return false;
}

bool bundle_outlived(const struct certificate_info *ca, int64_t now)
{
    return now > ca->not_after + (ca->not_after - ca->not_before) / BUNDLE_OUTLIVED_PART;
}

/* Adds the certificates that are new and not expired; counts them. */
static size_t take(struct bundle *to, const struct bundle *from, int64_t now)
{
    size_t before = to->count;
    for (size_t i = 0; i < from->count; i++)
        if (!bundle_outlived(&from->entries[i].info, now) &&
            !bundle_has(to, from->entries[i].info.fingerprint))
            to->entries[to->count++] = from->entries[i];
    return to->count - before;
}

bool bundle_merge(struct arena *a, slice list, slice cas, int64_t now, slice *ret, bool *ret_changed,
                  struct error *reterr)
{
    struct bundle old, added, merged = {0};
    *ret = (slice){0};
    bool readable = bundle_read(a, list, &old, NULL);
    if (!readable)
        old.count = 0;
    if (!bundle_read(a, cas, &added, NULL))
        added.count = 0;
    merged.entries = arena_try(a, (old.count + added.count + 1) * sizeof *merged.entries);
    if (!merged.entries)
        return error_set(reterr, "out of memory");
    size_t kept = take(&merged, &old, now);
    size_t new_ones = take(&merged, &added, now);
    *ret_changed = kept != old.count || new_ones || (!readable && list.n);
    size_t n = 0;
    for (size_t i = 0; i < merged.count; i++)
        n += merged.entries[i].pem.n;
    char *p = arena_try(a, n + 1);
    if (!p)
        return error_set(reterr, "out of memory");
    *ret = (slice){p, n};
    for (size_t i = 0; i < merged.count; i++) {
        if (!merged.entries[i].pem.n)
            continue;
        memcpy(p, merged.entries[i].pem.p, merged.entries[i].pem.n);
        p += merged.entries[i].pem.n;
    }
    return true;
}

slice bundle_issuer(struct arena *a, slice list, slice chain, int64_t now)
{
    struct bundle b;
    if (!bundle_read(a, list, &b, NULL))
        return (slice){0};
    for (size_t i = 0; i < b.count; i++)
        if (certificate_chain_valid(chain, b.entries[i].pem, (slice){0}, now, NULL))
            return b.entries[i].pem;
    return (slice){0};
}
