/* The handler that stands in for the judge: bodies that begin with fail, slow, deny, watch, junk or large are
 * answered so, greedy takes all memory it can get, costly a megabyte, "large and costly" eight; every other one is
 * allowed. */
#ifndef BRGATE_TEST_HANDLER_H
#define BRGATE_TEST_HANDLER_H

#include "server.h"

extern const struct server_handler test_handler;

/* That handler as `serve` opens it; no --config is readable to it. */
bool test_handler_open(const struct server_judging *o, struct server_handler *ret, struct error *reterr);

/* What the next look at the policy finds: 0 nothing new, above a good one, below a bad one. */
extern int test_policy;

#endif
