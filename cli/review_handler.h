/* The judge as the server's handler. */
#ifndef BRGATE_REVIEW_HANDLER_H
#define BRGATE_REVIEW_HANDLER_H

#include "server.h"

/* `config_file` is the policy; NULL: none. False with one line in `ret_error` when it is not usable. What it
 * opens lives until the process ends. */
bool review_handler_open(const char *config_file, struct server_handler *ret,
                         char ret_error[SERVER_ERROR_SIZE]);

#endif
