/* The gate in force, which can be replaced while reviews are judged by it.
 *
 * Two slots, one current (RCU with two slots). A reader increments the current slot's use count; a new gate goes
 * into the other slot, after the last reader of the gate before has left that one. */
#ifndef BRGATE_LIVE_GATE_H
#define BRGATE_LIVE_GATE_H

#include "verdict.h"

#include <stdatomic.h>

struct gate_place {
    struct gate *gate;
    atomic_uint users;
};

struct live_gate { /* zeroed by its owner */
    struct gate_place places[2];
    atomic_uint current;
};

/* On any thread, for one review; no lock. */
struct gate_place *live_gate_enter(struct live_gate *l);
void live_gate_leave(struct gate_place *place);

/* On one thread at a time: from now on judge by this one. Waits for the reviews that are being judged by its
 * predecessor, and closes that. */
void live_gate_replace(struct live_gate *l, struct gate *fresh);
void live_gate_close(struct live_gate *l); /* when nobody judges any more */

#endif
