/* The judge as the server's handler. */
#ifndef BRGATE_REVIEW_HANDLER_H
#define BRGATE_REVIEW_HANDLER_H

#include "server.h"

/* The handler reads the policy's file again when it is told to. False with one line in `reterr` when it is not usable.
 * A file that sets
 * nothing is a policy at the start, and an error when it takes the place of one that sets something. The handler's close()
 * frees it. */
bool review_handler_open(const struct server_judging *o, struct server_handler *ret, struct error *reterr);

#endif
