/* The controller as a process: gives the machine (machine/machine.h) a clock, the API server, PD, a log and a port for
 * probes and metrics, on one thread. */
#ifndef BRGATE_RECONCILE_H
#define BRGATE_RECONCILE_H

#include "machine.h"

struct reconcile_options {
    const char *kubeconfig; /* NULL: as kube_place finds it */
    const char *listen;     /* ADDRESS:PORT of /livez, /readyz and /metrics; port 0 is chosen by the system */
    bool text_log;
    unsigned log_level; /* of enum log_level: lines of lower ones are not written */
    int log_fd;
    /* The identity is ignored: a new one is made. A lease without a namespace is in that of the pod or of the context. */
    struct machine_settings machine;
};

/* Runs until SIGTERM or SIGINT, gives the lease back, and returns true. A second signal ends the process at once. False
 * with one line in `reterr` when it cannot start, or runs out of memory. */
bool reconcile_run(const struct reconcile_options *o, struct error *reterr);

#endif
