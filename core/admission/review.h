/* AdmissionReview v1: request bytes in, response bytes out. Pure: no clock, socket or file.
 * [api: admission/v1/types.go] */
#ifndef BRGATE_REVIEW_H
#define BRGATE_REVIEW_H

#include "verdict.h"

enum endpoint { ENDPOINT_VALIDATE, ENDPOINT_MUTATE };

/* What happened, for logs and metrics; the texts live in the arena or in the body. Never object contents. */
struct review_facts {
    slice uid, group, kind, namespace, name, operation, sub_resource;
    bool answered; /* false: the body is not an AdmissionReview v1; `error` says why and HTTP 400 is due */
    slice error;
    bool allowed, patched, dry_run;
    const unsigned *rules; /* numbers of the rules of every finding, errors first */
    const enum severity *severities;
    size_t rule_count;
};

/* The body of the HTTP answer (JSON), in the arena. A creation or update that takes more memory than the arena's limit is
 * denied, by the validating endpoint. The empty slice means that there is no answer: the arena was exhausted otherwise. The arena is not reset. `now` is Unix seconds. */
slice review_answer(const struct gate *g, struct arena *a, enum endpoint endpoint, slice body, int64_t now,
                    struct review_facts *ret_log);

#endif
