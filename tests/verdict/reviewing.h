/* Asking the gate as an API server does, and reading its answers as one. */
#ifndef BRGATE_REVIEWING_H
#define BRGATE_REVIEWING_H

#include "check.h"

#include "document.h"
#include "review.h"

/* 2026-06-01T00:00:00Z */
#define TEST_NOW INT64_C(1780272000)

struct ask {
    const char *operation, *sub_resource; /* "": the object itself */
    const char *group, *kind;
    slice object, old_object; /* JSON; empty: null */
};

slice ask_text(struct arena *a, const struct ask *ask);

struct answer {
    slice body;              /* as sent */
    const struct node *root; /* read back; NULL when there is no body */
    struct review_facts log;
    bool allowed;
};

/* Fails the test unless the answer is JSON that fits the log. */
struct answer ask_gate(const struct gate *g, struct arena *a, enum endpoint endpoint, slice body,
                       int64_t now);

/* The slugs of all causes, or of all warnings, in the order of the answer: "log-filter log-type". */
slice answer_causes(struct arena *a, const struct answer *answer);
slice answer_warnings(struct arena *a, const struct answer *answer);

/* The object after the answer's patch; the object itself when there is none. */
slice patched_object(struct arena *a, const struct answer *answer, slice object);

/* A gate without a policy, made once. */
const struct gate *plain_gate(void);

/* A gate with the policy of a settings file; the caller closes it. */
struct gate *gate_by(struct arena *a, const char *config);

/* Sets up an arena as the test's state, and frees it. */
int arena_setup(void **state);
int arena_teardown(void **state);

#endif
