/* Swaps gates under reviews. */
#include "live_gate.h"

#include <poll.h>

enum { LOOK_MS = 1 }; /* a review takes some 20 microseconds */

struct gate_place *live_gate_enter(struct live_gate *l)
{
    for (;;) {
        unsigned at = atomic_load(&l->current);
        struct gate_place *place = &l->places[at];
        atomic_fetch_add(&place->users, 1);
        if (atomic_load(&l->current) == at) /* a writer that replaces it now sees this use */
            return place;
        live_gate_leave(place);
    }
}

void live_gate_leave(struct gate_place *place)
{
    atomic_fetch_sub(&place->users, 1);
}

void live_gate_replace(struct live_gate *l, struct gate *fresh)
{
    unsigned at = atomic_load(&l->current);
    struct gate_place *old = &l->places[at], *other = &l->places[1 - at];
    other->gate = fresh; /* no reader uses this slot: its last gate was closed below */
    atomic_store(&l->current, 1 - at);
    while (atomic_load(&old->users))
        poll(NULL, 0, LOOK_MS);
    gate_close(old->gate);
    old->gate = NULL;
}

void live_gate_close(struct live_gate *l)
{
    for (size_t i = 0; i < 2; i++)
        gate_close(l->places[i].gate);
}
