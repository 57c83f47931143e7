/* What the host needs of the server besides its public face. */
#ifndef BRGATE_PROCESS_H
#define BRGATE_PROCESS_H

#include "log.h"

const struct server_options *server_options_of(const struct server *s); /* those it was started with */
struct log *server_log(const struct server *s);                         /* its own, for who works beside it */

#endif
