/* The judge as the server's handler. */
#ifndef BRGATE_REVIEW_HANDLER_H
#define BRGATE_REVIEW_HANDLER_H

#include "server.h"

/* `config_file` is the policy, which the handler reads again when it is told to; NULL: none. `defaults`, the
 * word of a defaults_mode, takes the place of what it says; NULL: it does not. False with one line in
 * `reterr` when it is not usable. A file that sets
 * nothing is a policy at the start, and an error when it takes the place of one that sets something. The handler's close()
 * frees it. */
bool review_handler_open(const char *config_file, const char *defaults, struct server_handler *ret,
                         struct error *reterr);

#endif
