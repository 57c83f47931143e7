/* Quantities of Kubernetes: "500m", "10Gi", "1e3". [apimachinery: pkg/api/resource/quantity.go] */
#ifndef BRGATE_QUANTITY_H
#define BRGATE_QUANTITY_H

#include "refusal.h"

/* The value in units of 1e-9, rounded away from zero as Kubernetes does, and capped at about 1.7e29. */
struct quantity {
    bool negative; /* never for zero */
    __extension__ unsigned __int128 nanos;
};

/* Accepts what resource.ParseQuantity accepts, except exponents of three or more digits (it would compute for hours)
 * and quantities without any digit. */
bool quantity_parse(slice s, struct quantity *ret, struct refusal *refusal);

int quantity_sign(const struct quantity *q);                          /* -1, 0, 1 */
int quantity_cmp(const struct quantity *a, const struct quantity *b); /* the same */

#endif
