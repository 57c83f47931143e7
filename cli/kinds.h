/* The value of --kinds: a list of resources such as "backups.br.pingcap.com". */
#ifndef BRGATE_CLI_KINDS_H
#define BRGATE_CLI_KINDS_H

#include "error.h"

/* Sets a bit for each: 1 << its number in the built-in schemas. False with what is wrong. */
bool kinds_read(const char *list, unsigned *ret, struct error *reterr);

#endif
