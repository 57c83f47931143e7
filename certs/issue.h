/* A CA and the one certificate it signs.
 *
 * The CA's key is forgotten as soon as the leaf is signed: it cannot be stolen, and trusting the CA means
 * trusting that leaf and nothing else. Both end at the same time. */
#ifndef BRGATE_ISSUE_H
#define BRGATE_ISSUE_H

#include "certificate.h"

enum {
    ISSUE_LIFE = 90 * 86400,   /* renewed after 60 days, which leaves 30 to notice a failed renewal */
    ISSUE_LEAST_LIFE = 30,     /* for tests of rotation */
    ISSUE_CLOCKS_APART = 3600, /* validity begins that much earlier (at most a tenth of the life) */
};

struct issue_request {
    slice service, namespace; /* of the webhook's Service; for issue_check() the namespace may be empty */
    const slice *more_names;  /* DNS names and IP addresses besides the Service's */
    size_t more_count;
    int64_t now, life; /* seconds */
};

struct issue {
    slice ca;                     /* PEM */
    struct certificate_pair leaf; /* PEM */
};

/* The name that API servers ask for: "SERVICE.NAMESPACE.svc". Empty when the arena is full. */
slice issue_dns_name(struct arena *a, slice service, slice namespace);

/* Whether the names are those of a Service, a namespace and hosts, and the life is long enough; false with one line. */
bool issue_check(const struct issue_request *request, struct error *reterr);

/* False with one line in `reterr`, also for what issue_check() refuses. */
bool issue_make(struct arena *a, const struct issue_request *request, struct issue *ret,
                struct error *reterr);

#endif
