/* The certificate in use, and its replacement while connections go on.
 *
 * A pair (certificate chain, key, client CAs) is immutable and counted: a connection keeps the pair of its handshake
 * until it closes. A new pair takes its place only when everything in it parses and fits. */
#ifndef BRGATE_TLS_H
#define BRGATE_TLS_H

#include "log.h"
#include "metrics.h"

#include <gnutls/abstract.h>

struct tls;
struct tls_pair; /* private */

/* Loads the first pair if the options name one; otherwise tls_replace() has to bring it. NULL with one line in
 * `reterr`. */
struct tls *tls_new(const struct server_options *o, struct log *l, struct error *reterr);
/* Reads what tls_new() would load, and reports it. False with one line when that cannot be used, or when no client would
 * accept it. */
bool tls_check(const struct server_options *o, struct log *l, struct error *reterr);
/* Whether --tls-priority is one; false with one line. */
bool tls_priority_check(const struct server_options *o, struct error *reterr);
void tls_free(struct tls *t);

/* Reads the files again. Without `forced`, texts that were tried before are left alone. */
void tls_reload(struct tls *t, bool forced);
/* Takes this pair (PEM) instead of files. False with one line, and what was served stays. */
bool tls_replace(struct tls *t, slice cert, slice key, struct error *reterr);

/* Why no client will accept the certificate in use, by our clock: a sentence that lives forever; NULL: they will, as
 * far as can be seen from here, or tls_replace() brought it and its giver judges that. From any thread. */
const char *tls_trouble(struct tls *t);
void tls_gauges(struct tls *t, struct metrics_gauges *ret);

/* A connection's part; zeroed by its owner. */
struct tls_hold {
    struct tls *tls;
    struct tls_pair *pair;
    void (*handshake_done)(struct tls_hold *hold); /* called when the handshake is complete */
};

/* Before the handshake. `hold` must outlive the session; with NULL the handshake will fail. */
void tls_prepare(struct tls *t, gnutls_session_t session, struct tls_hold *hold);

/* After the session is gone. */
void tls_release(struct tls_hold *hold);

/* For MHD_OPTION_HTTPS_CERT_CALLBACK: a gnutls_certificate_retrieve_function2. */
int tls_retrieve(gnutls_session_t session, const gnutls_datum_t *ca_names, int ca_count,
                 const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **ret_chain,
                 unsigned *ret_count, gnutls_privkey_t *ret_key);

#endif
