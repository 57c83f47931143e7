/* Wraps what both halves of this layer need of OpenSSL. */
#include "openssl.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>

slice openssl_copy(struct arena *a, slice s)
{
    char *p = arena_try(a, s.n + 1);
    if (!p)
        return (slice){0};
    if (s.n)
        memcpy(p, s.p, s.n);
    return (slice){p, s.n};
}

slice openssl_text(struct arena *a, BIO *memory)
{
    char *p;
    long n = BIO_get_mem_data(memory, &p);
    return n > 0 ? openssl_copy(a, (slice){p, (size_t)n}) : (slice){0};
}

bool openssl_failed(struct error *reterr, const char *what)
{
    unsigned long code = ERR_get_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return error_set(reterr, "%s%s%s", what, reason ? ": " : "", reason ? reason : "");
}

static bool has(slice pem, slice what)
{
    return slice_find(pem, what) != SLICE_NONE;
}

bool openssl_no_certificate(struct error *reterr, const char *holder, slice pem)
{
    const char *what = !pem.n                               ? "empty, not a certificate"
                       : has(pem, LIT(" CERTIFICATE-----")) ? NULL
                       : has(pem, LIT("PRIVATE KEY-----"))  ? "a private key, not a certificate"
                                                            : "no \"-----BEGIN CERTIFICATE-----\" in it";
    struct error damage;
    openssl_failed(&damage, "a damaged certificate");
    return error_set(reterr, "%s%s", holder, what ? what : damage.text);
}

bool openssl_no_key(struct error *reterr, const char *holder, slice pem)
{
    const char *what = !pem.n                               ? "empty, not a private key"
                       : has(pem, LIT("ENCRYPTED"))         ? "an encrypted private key; store it decrypted"
                       : has(pem, LIT("PRIVATE KEY-----"))  ? NULL
                       : has(pem, LIT(" CERTIFICATE-----")) ? "a certificate, not a private key"
                                                            : "no \"-----BEGIN PRIVATE KEY-----\" in it";
    struct error damage;
    openssl_failed(&damage, "a damaged private key");
    return error_set(reterr, "%s%s", holder, what ? what : damage.text);
}

X509 *openssl_certificate(slice pem)
{
    scoped(BIO) *in = pem.n <= INT_MAX ? BIO_new_mem_buf(pem.n ? pem.p : "", (int)pem.n) : NULL;
    return in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
}

/* A key that is encrypted is refused instead of asking the terminal for its password. */
static int no_password(char *buffer, int size, int writing, void *unused)
{
    (void)buffer, (void)size, (void)writing, (void)unused;
    return -1;
}

EVP_PKEY *openssl_key(slice pem)
{
    scoped(BIO) *in = pem.n <= INT_MAX ? BIO_new_mem_buf(pem.n ? pem.p : "", (int)pem.n) : NULL;
    return in ? PEM_read_bio_PrivateKey(in, NULL, no_password, NULL) : NULL;
}

void openssl_free_certificates(STACK_OF(X509) * all)
{
    sk_X509_pop_free(all, X509_free);
}

STACK_OF(X509) * openssl_certificates(slice pem)
{
    scoped(BIO) *in = pem.n <= INT_MAX ? BIO_new_mem_buf(pem.n ? pem.p : "", (int)pem.n) : NULL;
    STACK_OF(X509) *all = sk_X509_new_null();
    X509 *c;
    while (in && all && (c = PEM_read_bio_X509(in, NULL, NULL, NULL)))
        if (sk_X509_push(all, c) <= 0)
            X509_free(c);
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (all && ended && sk_X509_num(all) > 0) {
        ERR_clear_error();
        return all;
    }
    openssl_free_certificates(all);
    return NULL;
}
