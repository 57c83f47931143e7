/* Facts of a history as objects of an API server. */
#ifndef BRGATE_TEST_FACTS_H
#define BRGATE_TEST_FACTS_H

#include "world.h"

void facts_load(struct world *w, const struct node *facts);
struct plan_settings facts_settings(const struct node *facts);

#endif
