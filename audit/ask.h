/* Asks the API server for what the objects of a cluster need. Internal to this layer. */
#ifndef BRGATE_AUDIT_ASK_H
#define BRGATE_AUDIT_ASK_H

#include "facts.h"
#include "kube.h"

struct asking {
    struct kube *kube;
    struct arena *arena;          /* of one request; reset before each */
    struct arena *kept;           /* of versions and notes */
    size_t requests;              /* sent so far */
    slice notes[FACT_KIND_COUNT]; /* for each kind: what could not be asked, and why; empty: nothing */
};

/* Sets what is learnt in each fact. What may not be read, or gets no answer, stays unknown, and is noted. False when memory
 * runs out. The contents of Secrets are in memory only while their keys are looked at. */
bool ask_all(struct asking *a, struct facts *facts);

#endif
