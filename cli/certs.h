/* The parts of `brgate certs`. Each reads its own arguments; argv[0] is its own name. */
#ifndef BRGATE_CERTS_H
#define BRGATE_CERTS_H

#include "kube.h"

/* Shows certificates, `brgate certs show`; returns the exit status, as the two below do. */
int certs_show(int argc, char **argv);
int certs_make(int argc, char **argv); /* writes a new CA and certificate as files */
int certs_self(int argc, char **argv); /* makes or renews the Secret once */

/* Fetches the chain that a TLS server presents for `name`, as PEM. False with one line in `reterr`. */
bool certs_peer(struct arena *a, const char *address, slice name, slice *ret_chain, struct error *reterr);

#endif
