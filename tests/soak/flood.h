/* Clients that make the server hold as much as it can be made to: bodies of all sizes up to the largest,
 * whole and broken off, among many that stay. */
#ifndef BRGATE_FLOOD_H
#define BRGATE_FLOOD_H

#include <stddef.h>

/* Returns when `senders` threads have sent `each` bodies, while `stayers` connections held one of 60 KB. */
void flood(unsigned port, size_t stayers, size_t senders, size_t each);

#endif
