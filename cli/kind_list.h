/* The value of --kinds: a list of resources such as "backups.br.pingcap.com". */
#ifndef BRGATE_KIND_LIST_H
#define BRGATE_KIND_LIST_H

#include "error.h"

/* Sets a bit for each: 1 << its number in the built-in schemas. False with what is wrong. */
bool kind_list_read(const char *list, unsigned *ret, struct error *reterr);

#endif
