/* Reads a certificate, and checks whether clients would trust it. */
#include "certificate.h"
#include "openssl.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

static bool unix_time(const ASN1_TIME *t, int64_t *ret)
{
    int days, seconds;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    bool done = epoch && ASN1_TIME_diff(&days, &seconds, epoch, t) == 1;
    ASN1_TIME_free(epoch);
    if (done)
        *ret = (int64_t)days * 86400 + seconds;
    return done;
}

static slice name_text(struct arena *a, const X509_NAME *name)
{
    scoped(BIO) *out = BIO_new(BIO_s_mem());
    if (!out || X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253) < 0)
        return (slice){0};
    return openssl_text(a, out);
}

static slice hex(struct arena *a, const unsigned char *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    char *p = arena_try(a, 2 * n + 1);
    for (size_t i = 0; p && i < n; i++) {
        p[2 * i] = digits[bytes[i] >> 4];
        p[2 * i + 1] = digits[bytes[i] & 15];
    }
    return p ? (slice){p, 2 * n} : (slice){0};
}

/* A DNS name is shown to people, and its bytes were chosen by the maker of the certificate. */
static slice dns_name(struct arena *a, const ASN1_STRING *name)
{
    slice s = {(const char *)ASN1_STRING_get0_data(name), (size_t)ASN1_STRING_length(name)};
    char *p = arena_try(a, s.n + 1);
    for (size_t i = 0; p && i < s.n; i++)
        p[i] = s.p[i] <= ' ' || s.p[i] > '~' ? '?' : s.p[i];
    return p ? (slice){p, s.n} : (slice){0};
}

static slice one_name(struct arena *a, const GENERAL_NAME *g)
{
    char text[INET6_ADDRSTRLEN];
    if (g->type == GEN_DNS)
        return dns_name(a, g->d.dNSName);
    if (g->type != GEN_IPADD)
        return (slice){0};
    int n = ASN1_STRING_length(g->d.iPAddress);
    const unsigned char *bytes = ASN1_STRING_get0_data(g->d.iPAddress);
    if ((n != 4 && n != 16) || !inet_ntop(n == 4 ? AF_INET : AF_INET6, bytes, text, sizeof text))
        return (slice){0};
    return openssl_copy(a, slice_of(text));
}

static bool read_names(struct arena *a, X509 *c, struct certificate_info *ret)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(c, NID_subject_alt_name, NULL, NULL);
    int count = names ? sk_GENERAL_NAME_num(names) : 0;
    slice *list = arena_try(a, (size_t)(count + 1) * sizeof *list);
    for (int i = 0; list && i < count; i++) {
        slice s = one_name(a, sk_GENERAL_NAME_value(names, i));
        if (s.n)
            list[ret->name_count++] = s;
    }
    GENERAL_NAMES_free(names);
    ret->names = list;
    return list != NULL;
}

bool openssl_describe(struct arena *a, X509 *c, struct certificate_info *ret, struct error *reterr)
{
    *ret = (struct certificate_info){.ca = X509_check_ca(c) == 1};
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n;
    const ASN1_INTEGER *serial = X509_get0_serialNumber(c);
    if (!unix_time(X509_get0_notBefore(c), &ret->not_before) ||
        !unix_time(X509_get0_notAfter(c), &ret->not_after) || X509_digest(c, EVP_sha256(), digest, &n) != 1)
        return openssl_failed(reterr, "the certificate cannot be read");
    ret->subject = name_text(a, X509_get_subject_name(c));
    ret->issuer = name_text(a, X509_get_issuer_name(c));
    ret->serial = hex(a, ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
    ret->fingerprint = hex(a, digest, n);
    if (!read_names(a, c, ret) || !ret->fingerprint.n)
        return error_set(reterr, "out of memory");
    return true;
}

bool certificate_read(struct arena *a, slice pem, struct certificate_info *ret, struct error *reterr)
{
    scoped(X509) *c = openssl_certificate(pem);
    return c ? openssl_describe(a, c, ret, reterr) : openssl_no_certificate(reterr, "", pem);
}

bool certificate_key_matches(slice pem, slice key_pem, struct error *reterr)
{
    scoped(X509) *c = openssl_certificate(pem);
    if (!c)
        return openssl_no_certificate(reterr, "", pem);
    scoped(EVP_PKEY) *key = openssl_key(key_pem);
    if (!key)
        return openssl_no_key(reterr, "", key_pem);
    if (X509_check_private_key(c, key) != 1) {
        ERR_clear_error();
        return error_set(reterr, "the key does not match the certificate");
    }
    return true;
}

enum { HOST_BYTES = 256 };

/* As a C string in `ret`; false when no host has so long a name. */
static bool host_text(slice host, char ret[HOST_BYTES])
{
    if (host.n >= HOST_BYTES)
        return false;
    memcpy(ret, host.p, host.n);
    ret[host.n] = '\0';
    return true;
}

static bool is_address(const char *host)
{
    unsigned char ip[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, ip) == 1 || inet_pton(AF_INET6, host, ip) == 1;
}

bool certificate_is_for(slice pem, slice host)
{
    char text[HOST_BYTES];
    scoped(X509) *c = openssl_certificate(pem);
    bool is =
        c && host_text(host, text) &&
        (is_address(text) ? X509_check_ip_asc(c, text, 0)
                          : X509_check_host(c, text, host.n, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL)) == 1;
    ERR_clear_error();
    return is;
}

static bool set_host(X509_VERIFY_PARAM *param, slice host)
{
    char text[HOST_BYTES];
    if (!host.n)
        return true;
    if (!host_text(host, text))
        return false;
    if (is_address(text))
        return X509_VERIFY_PARAM_set1_ip_asc(param, text) == 1;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT); /* as Go: SANs only */
    return X509_VERIFY_PARAM_set1_host(param, text, host.n) == 1;
}

static bool verify(STACK_OF(X509) * chain, STACK_OF(X509) * roots, slice host, int64_t now,
                   struct error *reterr)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool ready = store && context && X509_STORE_CTX_init(context, store, sk_X509_value(chain, 0), chain) == 1;
    bool valid = false;
    if (ready) {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
        X509_STORE_CTX_set0_trusted_stack(context, roots);
        X509_VERIFY_PARAM_set_time(param, (time_t)now);
        X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN); /* as Go: any listed CA is a root */
        ready = set_host(param, host);
        valid = ready && X509_verify_cert(context) == 1;
    }
    if (!ready)
        openssl_failed(reterr, "the chain cannot be checked");
    else if (!valid)
        error_set(reterr, "%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
    ERR_clear_error();
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return valid;
}

bool certificate_chain_valid(slice chain, slice ca_bundle, slice host, int64_t now, struct error *reterr)
{
    STACK_OF(X509) *certificates = openssl_certificates(chain);
    if (!certificates)
        return openssl_no_certificate(reterr, "the chain: ", chain);
    STACK_OF(X509) *roots = openssl_certificates(ca_bundle);
    bool valid = roots ? verify(certificates, roots, host, now, reterr)
                       : openssl_no_certificate(reterr, "the CA bundle: ", ca_bundle);
    openssl_free_certificates(certificates);
    openssl_free_certificates(roots);
    return valid;
}

int64_t certificate_renewal_time(const struct certificate_info *info)
{
    return info->not_before + (info->not_after - info->not_before) / 3 * 2;
}
