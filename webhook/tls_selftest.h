/* A TLS handshake between two sessions in this process. */
#ifndef BRGATE_TLS_SELFTEST_H
#define BRGATE_TLS_SELFTEST_H

#include <gnutls/abstract.h>

/* Whether a client with the server's own priorities (a GnuTLS string) can complete a handshake with a server that has
 * this certificate: a key usage or a curve may forbid it although everything parses and fits. 0, or GnuTLS's error; 0
 * also when the priorities themselves are wrong, which is not the certificate's fault. */
int tls_selftest(gnutls_pcert_st *chain, unsigned count, gnutls_privkey_t key, const char *priority);

#endif
