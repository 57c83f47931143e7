/* Asks an API server to create a bad and a good Backup as dry runs, and says whether the webhook has judged them. */
#ifndef BRGATE_PROBE_H
#define BRGATE_PROBE_H

#include "kube.h"
#include "policy.h"

struct probe_options {
    struct kube *kube;
    slice namespace;
    slice
        configuration; /* name of the ValidatingWebhookConfiguration, for the reason when nothing was judged */
    enum enforcement enforcement; /* what the bad Backup must meet; DEFAULT: either */
    unsigned
        patience; /* milliseconds for which the answer may be another: API servers learn of webhooks with a delay */
};

enum probe_outcome {
    PROBE_WORKS,
    PROBE_FAILS,
    PROBE_UNABLE, /* the API server could not be asked */
};

/* Sets `*ret_text` to one line: what works, or what does not, why, and how to fix it. Unwinds when the arena is exhausted. */
enum probe_outcome probe_run(const struct probe_options *o, struct arena *a, slice *ret_text);

#endif
