/* Ties the keeper of the certificate to the server: `brgate serve --certs-secret`. */
#ifndef BRGATE_SERVE_KEEPING_H
#define BRGATE_SERVE_KEEPING_H

#include "server.h"

/* Texts are flags of the command line. */
struct keeping_options {
    const char *secret; /* "NAME" or "NAMESPACE/NAME"; NULL: certificates come from elsewhere */
    const char *service, *configuration;
    const char *name;       /* one more name to be valid for, or NULL */
    const char *kubeconfig; /* or NULL */
    int64_t life, settle;   /* seconds */
    unsigned interval;      /* milliseconds */
};

/* The defaults: a certificate for 90 days, one minute to settle, a check every ten seconds. */
struct keeping_options keeping_defaults(void);

struct cert_keeping;

/* Call it before the server starts: it completes the server's options, which must outlive it, as must `o`. Returns NULL
 * with one line in `reterr`. */
struct cert_keeping *keeping_open(const struct keeping_options *o, struct server_options *server,
                                  struct error *reterr);

/* Once attached, it ends with the server. */
bool keeping_start(struct cert_keeping *s, struct server *server, struct error *reterr);
void keeping_close(struct cert_keeping *s); /* without a server; NULL is allowed */

#endif
