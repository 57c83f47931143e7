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
    slice silence;                /* the reason when the server has not answered: it is not asked again */
    slice notes[FACT_KIND_COUNT]; /* for each kind: which questions failed, and why; empty: none */
};

/* Sets in each fact what the server answers. A fact that may not be read, or gets no answer, stays unknown, and a note
 * says so. False when memory runs out. The contents of a Secret are in memory only while its keys are checked. */
bool ask_all(struct asking *a, struct facts *facts);

#endif
