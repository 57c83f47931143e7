/* A TLS handshake between two sessions in this process. */
#ifndef BRGATE_REHEARSAL_H
#define BRGATE_REHEARSAL_H

#include <gnutls/abstract.h>

/* Whether a client with the server's own priorities (a GnuTLS string) can shake hands with a server that has
 * this certificate: a key usage or a curve may forbid it though everything parses and fits. 0, or GnuTLS's
 * error; 0 also when the priorities themselves are wrong, which is not the certificate's fault. */
int rehearse(gnutls_pcert_st *chain, unsigned count, gnutls_privkey_t key, const char *priority);

#endif
