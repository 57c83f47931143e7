/* Clients that send bodies of all sizes up to the largest, whole and broken off. */
#ifndef BRGATE_FLOOD_H
#define BRGATE_FLOOD_H

#include <stddef.h>

/* Returns when `senders` threads have sent `each` bodies. */
void flood(unsigned port, size_t senders, size_t each);

#endif
