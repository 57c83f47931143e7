/* The handler that stands in for the judge: bodies that begin with fail, slow, deny, junk or large are
 * answered so; every other one is allowed. */
#ifndef BRGATE_TEST_HANDLER_H
#define BRGATE_TEST_HANDLER_H

#include "server.h"

extern const struct server_handler test_handler;

#endif
