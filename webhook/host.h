/* What the host needs of the server besides its public face. */
#ifndef BRGATE_HOST_H
#define BRGATE_HOST_H

#include "log.h"

const struct server_options *server_options_of(const struct server *s);
struct log *server_log(const struct server *s);

#endif
