/* The system calls that the process may make while it serves: a seccomp filter.
 *
 * An attacker who takes over the server through a fault in it, or in a library that reads what clients send, can then
 * run no program, write no file, create no executable memory, and trace or signal no other process; without `client` it
 * cannot connect to anything either. What is not on the list fails with EPERM. */
#ifndef BRGATE_SANDBOX_H
#define BRGATE_SANDBOX_H

#include "error.h"

/* Applies to all present and future threads, and cannot be undone. `client`: connections to other hosts are needed.
 * Returns false when the kernel does not allow it; nothing has changed then. */
bool sandbox_enter(bool client, struct error *reterr);

#endif
