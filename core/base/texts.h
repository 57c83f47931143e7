/* Texts that are kept for long and come again and again, such as the namespaces of objects: equal ones share their bytes. */
#ifndef BRGATE_TEXTS_H
#define BRGATE_TEXTS_H

#include "arena.h"

enum { TEXTS_SLOTS = 512 };

/* Zero but for the arena. */
struct texts {
    struct arena *arena;
    struct kept_text *slots[TEXTS_SLOTS];
};

/* Returns a copy that lives as long as the arena; for equal texts, the same one. */
slice texts_keep(struct texts *t, slice s);

/* Make a hash of several texts: begin, then add them one by one. */
uint64_t hash_start(void);
uint64_t hash_text(uint64_t hash, slice s); /* with its end, so that "a", "bc" and "ab", "c" differ */

#endif
