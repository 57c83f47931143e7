/* Memory that the preloaded counter shares with the program that started the server. */
#ifndef BRGATE_COUNT_ALLOCATIONS_H
#define BRGATE_COUNT_ALLOCATIONS_H

#include <stdatomic.h>
#include <stdint.h>

struct allocation_counts {
    atomic_bool on;
    atomic_uint_least64_t ours, theirs;
    atomic_uintptr_t first; /* of ours: the place in its object's code segment */
};

#endif
