/* AdmissionReview v1: request bytes in, response bytes out. Pure: no clock, socket or file.
 * [api: admission/v1/types.go] */
#ifndef BRGATE_REVIEW_H
#define BRGATE_REVIEW_H

#include "verdict.h"

enum endpoint { ENDPOINT_VALIDATE, ENDPOINT_MUTATE };

/* Facts about a review for logs and metrics; the texts live in the arena or in the body. Contains no object
 * contents. */
struct review_facts {
    slice uid, group, kind, namespace, name, operation, sub_resource;
    bool answered; /* false: the body is not an AdmissionReview v1; `error` says why and HTTP 400 is due */
    slice error;
    bool allowed, patched, dry_run;
    const unsigned *rules; /* numbers of the rules of every finding, errors first */
    const enum severity *severities;
    size_t rule_count;
};

/* Returns the body of the HTTP answer (JSON), in the arena, which is not reset. The validating endpoint denies a
 * creation or update that exceeds the arena's limit. The empty slice means that there is no answer, because the arena
 * was exhausted in any other case. `now` is in Unix seconds. */
slice review_answer(const struct gate *g, struct arena *a, enum endpoint endpoint, slice body, int64_t now,
                    struct review_facts *ret_log);

#endif
