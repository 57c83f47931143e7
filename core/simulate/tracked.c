/* The objects that the controller looks after. */
#include "playing.h"

void play_mark(struct playing *p, enum resource_kind kind, slice name)
{
    for (size_t i = 0; i < p->tracked_count; i++)
        if (p->tracked[i].kind == kind && slice_eq(p->tracked[i].name, name)) {
            p->tracked[i].dirty = true;
            return;
        }
    if (p->tracked_count == p->tracked_capacity)
        p->tracked =
            arena_grow(p->out, p->tracked, p->tracked_count, &p->tracked_capacity, sizeof *p->tracked);
    p->tracked[p->tracked_count++] =
        (struct tracked){.name = arena_copy(p->out, name), .kind = kind, .dirty = true};
}

void play_mark_all(struct playing *p)
{
    for (size_t i = 0; i < p->tracked_count; i++)
        p->tracked[i].dirty = true;
}
