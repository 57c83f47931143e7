/* Reads certificate, key and client CA as one set. */
#include "tls_files.h"

#include "file.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

enum {
    FILE_BYTES = 1 << 20, /* a bundle of a hundred CAs has 200 KB */
    READS_MOST = 4,       /* a volume changes once a minute at most */
};

static bool read_file(struct arena *a, const char *flag, const char *path, slice *ret, struct error *reterr)
{
    struct error error;
    return file_read(a, path, FILE_BYTES, ret, &error) || error_set(reterr, "%s %s", flag, error.text);
}

static bool put_digest(struct tls_files *s, struct error *reterr)
{
    gnutls_hash_hd_t hash;
    if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) != 0)
        return error_set(reterr, "SHA-256: not available");
    const slice all[] = {s->cert, s->key, s->client_ca};
    for (size_t i = 0; i < COUNT(all); i++) {
        gnutls_hash(hash, &all[i].n, sizeof all[i].n);
        gnutls_hash(hash, all[i].p, all[i].n);
    }
    gnutls_hash_deinit(hash, s->digest);
    return true;
}

static bool read_once(struct arena *a, const struct server_options *o, slice cert, slice key,
                      struct tls_files *ret, struct error *reterr)
{
    *ret = (struct tls_files){.cert = cert, .key = key};
    if (o->cert_file && (!read_file(a, "--tls-cert", o->cert_file, &ret->cert, reterr) ||
                         !read_file(a, "--tls-key", o->key_file, &ret->key, reterr)))
        return false;
    if (o->client_ca_file && !read_file(a, "--client-ca", o->client_ca_file, &ret->client_ca, reterr))
        return false;
    return put_digest(ret, reterr);
}

static bool same(const unsigned char *a, const unsigned char *b)
{
    return memcmp(a, b, TLS_DIGEST_BYTES) == 0;
}

bool tls_files_read(struct arena *a, const struct server_options *o, slice cert, slice key,
                    const unsigned char *seen, struct tls_files *ret, struct error *reterr)
{
    unsigned char before[TLS_DIGEST_BYTES];
    bool done = read_once(a, o, cert, key, ret, reterr), agree = done && same(ret->digest, seen);
    for (int reads = 1; !agree && reads < READS_MOST; reads++) {
        bool was_done = done;
        memcpy(before, ret->digest, sizeof before);
        arena_reset(a);
        done = read_once(a, o, cert, key, ret, reterr);
        agree = done == was_done && (!done || same(ret->digest, before));
    }
    return done;
}
