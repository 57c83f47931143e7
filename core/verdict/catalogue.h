/* The catalogue of rules: the only place that knows all of them. It joins the .def files of the layers, gives
 * each rule a number, which is its place in `brgate rules`, and finds it by slug. */
#ifndef BRGATE_CATALOGUE_H
#define BRGATE_CATALOGUE_H

#include "rule.h"

enum { RULES_MOST = 256 }; /* for arrays by number; catalogue.c does not compile with more */

size_t rule_count(void);                   /* how many there are */
const struct rule *rule_at(size_t number); /* `number` is below rule_count() */

/* The number of the rule of that slug; false when there is none. */
bool rule_find(slice slug, size_t *ret_number);

/* Returns the slug that is nearest to the text; empty when none is near. */
slice rule_nearest(slice slug);

#endif
