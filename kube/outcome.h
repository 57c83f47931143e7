/* What an answer means, and the words for it. Internal to this layer. */
#ifndef BRGATE_KUBE_OUTCOME_H
#define BRGATE_KUBE_OUTCOME_H

#include "access.h"

enum kube_outcome kube_outcome_of(int status); /* of an HTTP status */

/* "/api/v1/namespaces/team-a/secrets/x?query" */
slice kube_path(struct arena *a, const struct kube_request *q);
const char *kube_method_word(enum kube_method m); /* "PATCH" */

/* The error of an answer that is not OK; `body` is what the server said, a Status as a rule. */
slice kube_refusal_text(struct arena *a, const struct kube_access *c, const struct kube_request *q,
                        int status, slice body);

/* The error when there was no answer: `why` is the reason, `hint` what to look at. */
slice kube_silence_text(struct arena *a, const struct kube_access *c, const struct kube_request *q,
                        const char *why, const char *hint);

#endif
