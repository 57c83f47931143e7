/* `brgate serve` with any handler. */
#ifndef BRGATE_SERVE_H
#define BRGATE_SERVE_H

#include "server.h"

/* Fills in the handler that judges so; its close() is called at the end. False with one line in `reterr`. */
typedef bool handler_open(const struct server_judging *o, struct server_handler *ret, struct error *reterr);

/* Reads the flags, serves until it is stopped, and returns the exit status. */
int serve(int argc, char **argv, handler_open *open);

#endif
