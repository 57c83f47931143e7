/* What the process may ask of the kernel while it serves: a seccomp filter.
 *
 * Whoever takes over the server by a fault in it, or in a library that reads what clients send, can then run no
 * program, write no file, create no executable memory, and trace or signal no other process; without `client` it
 * cannot connect to anything either. What is not on the list fails with EPERM. */
#ifndef BRGATE_SANDBOX_H
#define BRGATE_SANDBOX_H

#include "error.h"

/* For all threads that there are and will be; there is no way back. `client`: connections to other hosts are needed.
 * False when the kernel does not allow it: then nothing has changed. */
bool sandbox_enter(bool client, struct error *reterr);

#endif
