/* Writes the question about a log backup's task to PD's etcd, and reads the answer: one transaction of etcd's JSON gateway,
 * which PD serves at its client URLs. The keys are BR's (br/pkg/streamhelper/models.go). */
#ifndef BRGATE_QUESTION_H
#define BRGATE_QUESTION_H

#include "plan.h"

#define QUESTION_PATH "/v3/kv/txn"

/* Returns the body of the POST, in the arena. */
slice question_body(struct arena *a, slice task);

/* Reads the answer; texts live in the arena. `known` is false when it is not an answer: the task then counts neither as
 * found nor as missing. The caller, who remembers the answers, sets `missing_since`. */
struct log_task question_answer(struct arena *a, slice body);

#endif
