/* Reads the texts that a pair for TLS is made of. */
#ifndef BRGATE_TLS_FILES_H
#define BRGATE_TLS_FILES_H

#include "server.h"

enum { TLS_DIGEST_BYTES = 32 }; /* SHA-256 */

struct tls_files {
    slice cert, key, client_ca;             /* PEM; client_ca is empty if clients are not asked */
    unsigned char digest[TLS_DIGEST_BYTES]; /* of all three */
};

/* Reads the files that the options name; `cert` and `key` are the texts where they name none. The kubelet replaces all
 * files of a volume at once, but we read one after the other: a change from the texts with the digest `seen` counts
 * when two reads in a row agree. `a` holds nothing else: it is reset between reads. The result lives in it. */
bool tls_files_read(struct arena *a, const struct server_options *o, slice cert, slice key,
                    const unsigned char *seen, struct tls_files *ret, struct error *reterr);

#endif
