/* The work of the core, counted: 1 for each basic block that it runs, and 1 for each byte that the C library compares,
 * copies or searches for it. It does not depend on the machine, nor on what else runs there; only the slots of the rules,
 * which are hashes of addresses, make a thousandth of it vary. What libyaml and PCRE2 do is not counted. A program that
 * asks is linked with the library `counted`, which is the layers of the core once more. */
#ifndef BRGATE_COUNTED_H
#define BRGATE_COUNTED_H

#include <stddef.h>

/* Since the program started. */
size_t counted_steps(void);

#endif
