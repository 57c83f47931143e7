/* New keys and certificates. */
#include "ascii.h"
#include "certificate.h"
#include "openssl.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

enum { SERIAL_BYTES = 16, MOST_NAME_BYTES = 253, MOST_COMMON_NAME_BYTES = 64 };

static bool set_serial(X509 *c)
{
    unsigned char bytes[SERIAL_BYTES];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    bytes[0] = (bytes[0] & 0x7f) | 0x40; /* positive and of full length (RFC 5280, 4.1.2.2) */
    BIGNUM *n = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool done = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(c));
    BN_free(n);
    return done;
}

static bool set_time(ASN1_TIME *t, int64_t when)
{
    return ASN1_TIME_set(t, (time_t)when) != NULL;
}

static bool add_extension(X509 *c, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, c, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool done = e && X509_add_ext(c, e, -1);
    X509_EXTENSION_free(e);
    return done;
}

static ASN1_OCTET_STRING *ip_address(slice name)
{
    char text[MOST_NAME_BYTES + 1];
    snprintf(text, sizeof text, "%.*s", FMT(name));
    return slice_find_char(name, '\0') == SLICE_NONE ? a2i_IPADDRESS(text) : NULL;
}

static bool is_dns_name(slice name)
{
    enum { LABEL_BYTES = 63 };
    for (slice rest = slice_starts(name, LIT("*.")) ? slice_from(name, 2) : name;;) {
        size_t dot = slice_find_char(rest, '.'), n = dot == SLICE_NONE ? rest.n : dot;
        if (!n || n > LABEL_BYTES || rest.p[0] == '-' || rest.p[n - 1] == '-')
            return false;
        for (size_t i = 0; i < n; i++)
            if (!ascii_is_alnum(rest.p[i]) && rest.p[i] != '-')
                return false;
        if (dot == SLICE_NONE)
            return true;
        rest = slice_from(rest, dot + 1);
    }
}

bool certificate_name(slice name, struct refusal *refusal)
{
    if (name.n > MOST_NAME_BYTES)
        return refuse(refusal, MOST_NAME_BYTES, name.n - MOST_NAME_BYTES, "must be no more than %d bytes",
                      MOST_NAME_BYTES);
    ASN1_OCTET_STRING *ip = ip_address(name);
    bool valid = ip || is_dns_name(name);
    ASN1_OCTET_STRING_free(ip);
    ERR_clear_error();
    return valid ||
           refuse(refusal, 0, name.n, "must be an IP address, or a DNS name such as gate.example.com");
}

static GENERAL_NAME *general_name(slice name)
{
    if (!name.n || name.n > MOST_NAME_BYTES || slice_find_char(name, '\0') != SLICE_NONE)
        return NULL;
    GENERAL_NAME *g = GENERAL_NAME_new();
    ASN1_OCTET_STRING *ip = ip_address(name);
    if (g && ip) {
        GENERAL_NAME_set0_value(g, GEN_IPADD, ip);
        return g;
    }
    ASN1_IA5STRING *dns = ASN1_IA5STRING_new();
    if (!g || !dns || !ASN1_STRING_set(dns, name.p, (int)name.n)) {
        ASN1_IA5STRING_free(dns);
        GENERAL_NAME_free(g);
        return NULL;
    }
    GENERAL_NAME_set0_value(g, GEN_DNS, dns);
    return g;
}

static bool add_names(X509 *c, const struct certificate_request *request)
{
    if (!request->name_count)
        return true;
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool done = names != NULL;
    for (size_t i = 0; done && i < request->name_count; i++) {
        GENERAL_NAME *g = general_name(request->names[i]);
        done = g && sk_GENERAL_NAME_push(names, g) > 0;
        if (g && !done)
            GENERAL_NAME_free(g);
    }
    done = done && X509_add1_ext_i2d(c, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
    GENERAL_NAMES_free(names);
    return done;
}

static bool add_extensions(X509 *c, X509 *issuer, const struct certificate_request *request)
{
    bool ca = request->use == CERTIFICATE_CA;
    return add_extension(c, issuer, NID_basic_constraints,
                         ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
           add_extension(c, issuer, NID_key_usage,
                         ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
           (ca || add_extension(c, issuer, NID_ext_key_usage,
                                request->use == CERTIFICATE_SERVER ? "serverAuth" : "clientAuth")) &&
           add_extension(c, issuer, NID_subject_key_identifier, "hash") &&
           (issuer == c || add_extension(c, issuer, NID_authority_key_identifier, "keyid:always")) &&
           add_names(c, request);
}

static bool set_validity(X509 *c, X509 *issuer, const struct certificate_request *request)
{
    if (!set_time(X509_getm_notBefore(c), request->not_before) ||
        !set_time(X509_getm_notAfter(c), request->not_after))
        return false;
    if (issuer != c && ASN1_TIME_compare(X509_get0_notAfter(c), X509_get0_notAfter(issuer)) > 0)
        return X509_set1_notAfter(c, X509_get0_notAfter(issuer)) == 1;
    return true;
}

static bool fill(X509 *c, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
                 const struct certificate_request *request)
{
    X509_NAME *subject = X509_get_subject_name(c);
    slice cn = request->common_name;
    return X509_set_version(c, X509_VERSION_3) && set_serial(c) &&
           X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, (const unsigned char *)cn.p,
                                      (int)cn.n, -1, 0) &&
           X509_set_issuer_name(c, X509_get_subject_name(issuer)) && set_validity(c, issuer, request) &&
           X509_set_pubkey(c, key) && add_extensions(c, issuer, request) &&
           X509_sign(c, issuer_key, EVP_sha256()) > 0;
}

bool certificate_make(struct arena *a, const struct certificate_request *request,
                      const struct certificate_pair *issuer, struct certificate_pair *ret,
                      struct error *reterr)
{
    if (!request->common_name.n || request->common_name.n > MOST_COMMON_NAME_BYTES)
        return error_set(reterr, "the common name must have 1 to 64 bytes");
    if (request->not_after <= request->not_before)
        return error_set(reterr, "the validity ends before it begins");
    scoped(EVP_PKEY) *key = EVP_EC_gen("P-256");
    scoped(X509) *c = X509_new();
    scoped(X509) *issuer_certificate = issuer ? openssl_certificate(issuer->certificate) : NULL;
    scoped(EVP_PKEY) *issuer_key = issuer ? openssl_key(issuer->key) : NULL;
    if (issuer && (!issuer_certificate || !issuer_key))
        return openssl_failed(reterr, "the issuer's certificate or key cannot be read");
    if (issuer && X509_check_private_key(issuer_certificate, issuer_key) != 1)
        return openssl_failed(reterr, "the issuer's key does not match its certificate");
    if (!key || !c || !fill(c, key, issuer ? issuer_certificate : c, issuer ? issuer_key : key, request))
        return openssl_failed(reterr, "the certificate cannot be made");
    scoped(BIO) *pem = BIO_new(BIO_s_mem());
    scoped(BIO) *key_pem = BIO_new(BIO_s_secmem());
    if (!pem || !key_pem || !PEM_write_bio_X509(pem, c) ||
        !PEM_write_bio_PKCS8PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL))
        return openssl_failed(reterr, "the certificate cannot be written as PEM");
    ret->certificate = openssl_text(a, pem);
    ret->key = openssl_text(a, key_pem);
    if (!ret->certificate.n || !ret->key.n)
        return error_set(reterr, "out of memory");
    return true;
}
