/* The request of an AdmissionReview; internal to the admission layer. */
#ifndef BRGATE_REVIEW_REQUEST_H
#define BRGATE_REVIEW_REQUEST_H

#include "finding.h"
#include "review.h"

struct review_request { /* what the API server asks */
    slice uid, operation;
    const struct schema_kind *kind; /* NULL: not ours */
    const struct node *sub_resource;
    struct node *object, *old_object;
    struct findings readings;
};

/* Reads the body, and fills in the facts that it has. False when it is not an AdmissionReview v1: facts->error says why. */
bool review_request_read(const struct gate *g, struct arena *a, slice body, struct review_request *ret,
                         struct review_facts *facts);

enum asked { ASKED_TO_JUDGE, ASKED_NOTHING, ASKED_UNCLEARLY };

/* Decides whether there is anything to judge. Other kinds and the status sub-resource pass. A request that the API
 * server never sends does not pass: the stored object may differ. `reterr` says why it is unclear. */
enum asked review_request_change(const struct gate *g, struct review_request *q,
                                 const struct review_facts *facts, struct change *ret, struct error *reterr);

#endif
