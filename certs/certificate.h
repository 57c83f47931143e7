/* Making and reading the certificates of the webhook: PEM text in, PEM text out, no files.
 *
 * Keys are ECDSA P-256: a handshake costs half of what RSA-2048 does and every API server knows it. Times are
 * Unix seconds. Results and errors live in the arena, and nothing unwinds: running out of memory is an
 * error like others. A false return has one line in `reterr`. */
#ifndef BRGATE_CERTIFICATE_H
#define BRGATE_CERTIFICATE_H

#include "arena.h"
#include "error.h"
#include "refusal.h"

#include <stdint.h>

enum certificate_use { CERTIFICATE_CA, CERTIFICATE_SERVER, CERTIFICATE_CLIENT };

struct certificate_request {
    enum certificate_use use;
    slice common_name;  /* at most 64 bytes (RFC 5280, ub-common-name) */
    const slice *names; /* DNS names or IP addresses; Go and the API server look at these only */
    size_t name_count;
    int64_t not_before, not_after;
};

/* Whether a client can ask for a server by this name: an IP address or a DNS name, perhaps with "*" as its first label. */
bool certificate_name(slice name, struct refusal *refusal);

struct certificate_pair {
    slice certificate, key; /* PEM; the key as PKCS #8 */
};

/* Makes a new key and its certificate, signed by `issuer`, or self-signed when that is NULL. What an issuer signs ends
 * when the issuer's own certificate ends, at the latest. */
bool certificate_make(struct arena *a, const struct certificate_request *request,
                      const struct certificate_pair *issuer, struct certificate_pair *ret,
                      struct error *reterr);

struct certificate_info {
    slice subject, issuer; /* RFC 2253 */
    slice serial;          /* hex */
    const slice *names;    /* DNS names and IP addresses of the subject alternative name */
    size_t name_count;
    int64_t not_before, not_after;
    bool ca;
    slice fingerprint; /* SHA-256 of the DER form, lower-case hex */
};

/* Reads the first certificate of a PEM text. */
bool certificate_read(struct arena *a, slice pem, struct certificate_info *ret, struct error *reterr);

/* Returns whether the private key belongs to the first certificate. */
bool certificate_key_matches(slice pem, slice key_pem, struct error *reterr);

/* Returns whether there is a first certificate that is valid for this DNS name or IP address, as Go and the API server
 * decide it. */
bool certificate_is_for(slice pem, slice host);

/* Whether a client that trusts `ca_bundle` would accept the chain as a server's certificate for `host` (a DNS
 * name or an IP address; empty: any) at `now`. The chain begins with the leaf. */
bool certificate_chain_valid(slice chain, slice ca_bundle, slice host, int64_t now, struct error *reterr);

/* Returns when a certificate should be replaced: after two thirds of its life, so that a third is left to repair a
 * renewal that fails. */
int64_t certificate_renewal_time(const struct certificate_info *info);

#endif
