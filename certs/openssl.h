/* What making and reading share: PEM texts as OpenSSL's objects, and its errors as one line. */
#ifndef BRGATE_OPENSSL_H
#define BRGATE_OPENSSL_H

#include "certificate.h"

#include <openssl/x509.h>

#define SCOPED(type, free_function)                                                                          \
    static inline void scoped_##type(type **p)                                                               \
    {                                                                                                        \
        free_function(*p);                                                                                   \
    }
SCOPED(X509, X509_free)
SCOPED(EVP_PKEY, EVP_PKEY_free)
SCOPED(BIO, BIO_free_all)
#define scoped(type) __attribute__((cleanup(scoped_##type))) type

/* Returns false, and sets the error to `what` and OpenSSL's oldest reason. Empties OpenSSL's error queue. */
bool openssl_failed(struct error *reterr, const char *what);

/* Returns false, and sets the error to what the text holds instead of a certificate, or of an unencrypted private key,
 * behind `holder` ("the CA bundle: "). Call it when one could not be read. */
bool openssl_no_certificate(struct error *reterr, const char *holder, slice pem);
bool openssl_no_key(struct error *reterr, const char *holder, slice pem);

/* A copy in the arena; the empty slice when it is full. */
slice openssl_copy(struct arena *a, slice s);
slice openssl_text(struct arena *a, BIO *memory);

/* The first certificate of the text, or its private key; NULL when there is none that can be read. The caller frees it
 * (scoped()). */
X509 *openssl_certificate(slice pem);
EVP_PKEY *openssl_key(slice pem);

/* All certificates of a PEM text; NULL when one is broken or there is none. */
STACK_OF(X509) * openssl_certificates(slice pem);
void openssl_free_certificates(STACK_OF(X509) * all);

/* certificate_read() of what has been read. */
bool openssl_describe(struct arena *a, X509 *c, struct certificate_info *ret, struct error *reterr);

#endif
