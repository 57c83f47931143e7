/* What the API server's answer to a dry run says of the webhook. Internal to this layer. */
#ifndef BRGATE_RECEPTION_H
#define BRGATE_RECEPTION_H

#include "kube.h"

enum reception {
    RECEPTION_DENIED,     /* by our webhook */
    RECEPTION_WATCHED,    /* admitted with the warning that it would be denied */
    RECEPTION_ADVISED,    /* admitted with other warnings of ours */
    RECEPTION_UNJUDGED,   /* admitted, and nothing in the answer is ours */
    RECEPTION_NOT_CALLED, /* our webhook could not be called */
    RECEPTION_REFUSED,    /* by something else */
    RECEPTION_NO_KIND,    /* the cluster does not have the kind */
    RECEPTION_UNASKED,    /* the account has no right to ask, or no answer came */
};

#define PROBE_RULES "table-filter-syntax, toolimage-syntax and s3-storageclass-value"

/* A Backup for a dry run: one that breaks PROBE_RULES, each an error of every creation and none that the chart's admission
 * policy knows, or one that breaks nothing. */
slice probe_backup(struct arena *a, const char *group, bool bad);

/* Sets `*ret_message` to what the server said when the object was not admitted. */
enum reception reception_of(struct arena *a, const struct kube_answer *answer, slice *ret_message);

/* Why our webhook could not be called, and how to fix it, by the server's message. */
const char *reception_advice(slice message);

/* Whether a label selector of a webhook leaves out a namespace with these labels. NULL selects everything. */
bool selector_leaves_out(const struct node *selector, const struct node *labels);

#endif
