/* The surroundings in which an object's Jobs can be made. */
#ifndef BRGATE_SURROUNDINGS_H
#define BRGATE_SURROUNDINGS_H

#include "model.h"
#include "world.h"

#define SURROUNDINGS_VERSION "v8.5.5" /* of the clusters' TiKV: the first whose tikv-ctl compacts */

/* Creates in the world what the object's Jobs need: the clusters that it names, ready, and its Secrets with every key. */
void surround(struct world *w, const struct resource *o);

#endif
