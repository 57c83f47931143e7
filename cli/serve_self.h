/* Ties the keeper of the certificate to the server: `brgate serve --certs-secret`. */
#ifndef BRGATE_SERVE_SELF_H
#define BRGATE_SERVE_SELF_H

#include "server.h"

/* Texts are flags of the command line. */
struct self_options {
    const char *secret; /* "NAME" or "NAMESPACE/NAME"; NULL: certificates come from elsewhere */
    const char *service, *configuration;
    const char *name;       /* one more name to be valid for, or NULL */
    const char *kubeconfig; /* or NULL */
    int64_t life, settle;   /* seconds */
    unsigned interval;      /* milliseconds */
};

struct self_options self_defaults(void);

struct self;

/* Before the server, whose options it completes; they and `o` must outlive it. NULL with one line. */
struct self *self_open(const struct self_options *o, struct server_options *server,
                       char ret_error[SERVER_ERROR_SIZE]);

/* From then on it ends with the server. */
bool self_start(struct self *s, struct server *server, char ret_error[SERVER_ERROR_SIZE]);
void self_close(struct self *s); /* without a server; NULL is allowed */

#endif
