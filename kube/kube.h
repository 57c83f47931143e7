/* A client of the Kubernetes API: finds the server and who we are, sends one request, waits for the answer.
 *
 * Everything has an end: connecting, a request, and its repetitions when the server asks for patience. A
 * client belongs to one thread at a time. Texts and trees live in the arena of the request; functions that are
 * given one unwind when it is exhausted. libcurl is loaded by the first kube_open(). */
#ifndef BRGATE_KUBE_H
#define BRGATE_KUBE_H

#include "document.h"
#include "error.h"

#include <stdatomic.h>

#define KUBE_SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

struct kube;

/* Where the server and the credentials are described. The first of these that there is: `kubeconfig`,
 * $KUBECONFIG (a list of files), the pod's service account, ~/.kube/config. */
struct kube_place {
    const char *kubeconfig;
    const char *context;         /* of the kubeconfig; NULL: its current one */
    const char *service_account; /* folder; NULL: KUBE_SERVICE_ACCOUNT */
};

/* Milliseconds. */
struct kube_limits {
    unsigned connect, request; /* for one attempt */
    unsigned attempts;         /* when the server says 429 or 5xx */
    unsigned backoff,
        patience; /* before the second attempt, doubled for each further one; at most that much */
};

struct kube_limits kube_defaults(void); /* 5 s to connect, 15 s for an attempt, four of them */

/* NULL with one line in `reterr`: what, where, how to fix. */
struct kube *kube_open(const struct kube_place *place, const struct kube_limits *limits,
                       struct error *reterr);
void kube_close(struct kube *k); /* NULL is allowed */

/* Another server inside the cluster with a JSON interface, such as PD's etcd: requests name a `path`, and use no proxy. */
struct kube_peer {
    slice server;               /* "https://pd.prod:2379" */
    slice ca, certificate, key; /* PEM; empty: none */
    slice source;               /* their origin, for errors: "the Secret team/tls" */
};
/* Texts are copied. NULL with one line in `reterr`. */
struct kube *kube_open_peer(const struct kube_peer *peer, const struct kube_limits *limits,
                            struct error *reterr);

/* Requests give up as soon as this is set, by whatever thread. */
void kube_stop_on(struct kube *k, const atomic_bool *stop);

slice kube_namespace(const struct kube *k); /* the pod's or the context's, or "default" */
slice kube_server(const struct kube *k);    /* "https://10.96.0.1:443" */

enum kube_method {
    KUBE_GET,
    KUBE_POST,
    KUBE_PUT,
    KUBE_DELETE,          /* the body: DeleteOptions, or empty */
    KUBE_PATCH_JSON,      /* RFC 6902 */
    KUBE_PATCH_MERGE,     /* RFC 7386 */
    KUBE_PATCH_STRATEGIC, /* lists merged by their keys; built-in kinds only */
    KUBE_METHOD_COUNT
};

struct kube_request {
    enum kube_method method;
    const char *path;          /* instead of what is up to `name`; NULL: as the Kubernetes API has it */
    const char *group_version; /* "v1", "admissionregistration.k8s.io/v1" */
    const char *resource;      /* "secrets" */
    const char *subresource;   /* "status", or NULL */
    slice namespace, name;     /* empty: a cluster-wide resource; the collection */
    slice query;               /* "fieldManager=brgate", encoded; may be empty */
    slice body;                /* JSON */
    bool watch; /* the query has watch=1: the answer is a stream of lines. Only for kube_loop_start() */
};

enum kube_outcome {
    KUBE_OK,
    KUBE_NOT_FOUND,   /* 404 */
    KUBE_CONFLICT,    /* 409: another client was faster; read again */
    KUBE_GONE,        /* 410: that resourceVersion is forgotten; list again */
    KUBE_FORBIDDEN,   /* 401 with a fresh token, 403 */
    KUBE_REFUSED,     /* other 4xx: the request itself is wrong */
    KUBE_RETRY,       /* 429 or 5xx at every attempt */
    KUBE_UNREACHABLE, /* no answer, or none that is HTTP and JSON */
    KUBE_OUTCOME_COUNT
};

struct kube_answer {
    enum kube_outcome outcome;
    int status;           /* HTTP; 0: none */
    slice body;           /* as the server sent it; empty for a watch that is OK */
    struct node *root;    /* the body's JSON, from kube_do(); set when the outcome is OK */
    slice error;          /* one line when it is not: what, where, how to fix */
    bool too_large;       /* KUBE_UNREACHABLE: the answer has more than 8 MiB */
    unsigned retry_after; /* KUBE_RETRY: the milliseconds the server asked for, or 0 */
    slice warnings; /* of admission, as the server's Warning headers have them; each ends with a line feed */
    int64_t date;   /* the server's clock when it answered, Unix seconds; 0: it did not say */
};

/* A repeated request may have been carried out before: give updates a resourceVersion, and take KUBE_CONFLICT
 * for an answer after a KUBE_POST. */
struct kube_answer kube_do(struct kube *k, struct arena *a, const struct kube_request *q);

const char *kube_outcome_word(enum kube_outcome o); /* "not_found", for metrics */

/* Takes "[NAMESPACE/]NAME" apart; without a namespace `*namespace` stays as it is. */
void kube_split_name(const char *text, slice *namespace, slice *ret_name);

#endif
