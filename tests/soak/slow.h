/* Many clients that send one byte a second: in the middle of a handshake, of a header, of a body. Who is cut
 * off dials again within a second. */
#ifndef BRGATE_SLOW_H
#define BRGATE_SLOW_H

#include <stddef.h>

struct slow;

/* `count` of them, every tenth with a finished handshake; returns when all have dialled. */
struct slow *slow_start(unsigned port, size_t count);
/* Ends them; how often one was cut off. */
size_t slow_stop(struct slow *s);

#endif
