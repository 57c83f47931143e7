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

/* Puts this gate in force, on one thread at a time. Waits for the reviews that its predecessor is judging, then closes
 * the predecessor. */
void live_gate_replace(struct live_gate *l, struct gate *fresh);
void live_gate_close(struct live_gate *l); /* when no review is being judged */

#endif
