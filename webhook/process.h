/* What process.c needs of the server besides server.h. */
#ifndef BRGATE_PROCESS_H
#define BRGATE_PROCESS_H

#include "log.h"

const struct server_options *server_options_of(const struct server *s); /* the options it was started with */
struct log *server_log(const struct server *s);                         /* its own counters, for companions */

#endif
