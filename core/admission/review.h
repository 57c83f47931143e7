/* AdmissionReview v1: request bytes in, response bytes out. Pure: no clock, socket or file.
 * [api: admission/v1/types.go] */
#ifndef BRGATE_REVIEW_H
#define BRGATE_REVIEW_H

#include "verdict.h"

enum endpoint { ENDPOINT_VALIDATE, ENDPOINT_MUTATE };

/* What a finding does to the object; in the order of their weight. */
enum effect { EFFECT_WARNS, EFFECT_WOULD_DENY, EFFECT_DENIES };

/* Facts about a review for logs and metrics; the texts live in the arena or in the body. Contains no object
 * contents. */
struct review_facts {
    slice uid, group, kind, namespace, name, operation, sub_resource;
    slice user;    /* the name, without groups and extra */
    bool answered; /* false: the body is not an AdmissionReview v1; `error` says why and HTTP 400 is due */
    slice error;
    bool allowed, patched, dry_run;
    bool would_deny; /* allowed, because the policy's enforcement is warn */
    /* The numbers of the rules of every finding in the answer, those that deny first. A review that both endpoints see has
     * each number only once: the mutating endpoint reports errors only when it denies, and the API server then skips the
     * validating one. */
    const unsigned *rules;
    const enum effect *effects;
    size_t rule_count;
};

/* Returns the body of the HTTP answer (JSON), in the arena, which is not reset. The validating endpoint denies a creation or
 * update that exceeds the arena's limit. If the policy's enforcement is warn, an object that would be denied is allowed,
 * with a warning that says so. The empty slice means that there is no answer, because the arena was exhausted in any other
 * case. `now` is in Unix seconds. */
slice review_answer(const struct gate *g, struct arena *a, enum endpoint endpoint, slice body, int64_t now,
                    struct review_facts *ret_facts);

#endif
