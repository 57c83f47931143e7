/* The admission server: HTTPS with bounds on everything, and a plain port for health and metrics.
 *
 * It knows nothing about judging. A handler turns the body of a request into an answer and says in small
 * numbers what happened; names for those numbers are registered once. The handler is called on several
 * threads at once and must not block: it runs on the thread that serves other connections too. */
#ifndef BRGATE_SERVER_H
#define BRGATE_SERVER_H

#include "buf.h"
#include "error.h"

#include <stdint.h>

enum server_verdict {
    SERVER_FAILED,
    SERVER_MALFORMED,
    SERVER_ALLOWED,
    SERVER_WOULD_DENY, /* allowed, because the policy does not enforce the rules that it breaks */
    SERVER_DENIED,
    SERVER_VERDICT_COUNT
};

enum server_operation {
    SERVER_OTHER_OPERATION,
    SERVER_CREATE,
    SERVER_UPDATE,
    SERVER_DELETE,
    SERVER_CONNECT,
    SERVER_OPERATION_COUNT
};

enum server_effect { SERVER_WARNS, SERVER_WOULD_REFUSE, SERVER_REFUSES, SERVER_EFFECT_COUNT };

struct server_hit {
    unsigned rule; /* index into the handler's rules */
    enum server_effect effect;
};

/* Zeroed before the handler is called. Texts are in the arena, in the body, or static. */
struct server_answer {
    /* Empty: the verdict counts as failed. HTTP 413 when the arena's limit was the reason, 429 when it was
     * the memory of all reviews, else 500. */
    slice body;
    /* ALLOWED, WOULD_DENY and DENIED answer HTTP 200 with `body`, MALFORMED answers 400 with it; it is JSON. */
    enum server_verdict verdict;
    enum server_operation operation;
    unsigned kind; /* index into the handler's kinds; anything beyond counts as "other" */
    const struct server_hit *hits;
    size_t hit_count;
    slice uid, kind_name, namespace, name, user; /* for the log line; never contents of the object */
    slice error;                                 /* why it is malformed or failed; for the log line */
    bool dry_run;
};

/* What the flags say about judging; each may be NULL. */
struct server_judging {
    const char *config_file; /* the policy */
    const char *defaults;    /* word of a defaults_mode; takes the place of what the policy says */
    const char *enforcement; /* deny or warn; of what the policy says nothing more specific about */
};

/* The policy in effect, for the log and the metrics. */
struct server_policy {
    char sha256[65];         /* of its text, in hex; empty: there is none */
    const char *enforcement; /* "deny" or "warn", of what the policy does not name */
};

enum server_reload { SERVER_UNCHANGED, SERVER_RELOADED, SERVER_NOT_RELOADED };

struct server_handler {
    void *context;
    /* `endpoint` is the index into `paths`; the server resets the arena. */
    void (*answer)(void *context, struct arena *a, size_t endpoint, slice body, struct server_answer *ret);
    const char *const *paths; /* "/validate", without query */
    size_t path_count;
    const char *const *kinds;
    size_t kind_count;
    const char *const *rules;
    size_t rule_count;
    /* NULL, or: reads the policy again. On one thread at a time, while reviews go on. Without `forced` a text
     * that was tried before is left alone. `reterr` is set when it was not reloaded. */
    enum server_reload (*reload)(void *context, bool forced, struct error *reterr);
    /* NULL, or: on any thread, what is in effect. */
    void (*policy)(void *context, struct server_policy *ret);
    void (*close)(
        void *context); /* NULL, or: frees `context`, which its owner calls once the server has stopped */
};

/* Something that works beside the server, such as what renews its certificate. */
struct server_addon {
    void *context;
    void (*stop)(void *context);                   /* when the server stops; more than once is allowed */
    void (*metrics)(void *context, struct buf *b); /* more samples for /metrics; on any thread */
};

/* What clients can make a server hold: SERVER_CONNECTION_BYTES for each of `max_connections`,
 * `reviews_memory`, and SERVER_BASE_BYTES. The kernel holds SERVER_SOCKET_BYTES more for each connection.
 * docs/webhook.md, "Size", and the chart's memory limit say the same; tests/soak proves it. */
enum {
    /* The first 64 KiB of a review (ARENA_FIRST_CHUNK), 32 KiB for its headers, 24 KiB for a TLS session, and
     * what GnuTLS keeps of that which a client may send without progress (transport.h): eight buffers of
     * 17 KiB, or one that has grown to 64 KiB. Most of it is never touched. */
    SERVER_CONNECTION_BYTES = 256 << 10,
    /* Program and libraries take 12 MiB, the health port's connections 4, arenas that wait 4. The rest is for
     * connections that were shut to make room and are not cleaned up yet: these have only just begun. */
    SERVER_BASE_BYTES = 32 << 20,
    SERVER_SOCKET_BYTES = 128 << 10, /* as getsockopt(2) counts both buffers */
};

struct server_options {
    const char *listen, *health_listen; /* ADDRESS:PORT, port 0 is chosen by the system; see listen.h */
    /* A pair of files that is read again when it changes, or the PEM texts themselves; with neither the
     * server is not ready until server_certify(). */
    const char *cert_file, *key_file;
    slice cert_pem, key_pem;
    const char *tls_name;       /* what clients call the server; NULL: the certificate may be for any name */
    const char *client_ca_file; /* NULL: clients are not asked for a certificate */
    const char *const *client_names; /* allowed CN or DNS names; none: any client of the CA */
    size_t client_name_count;
    const char *tls_priority; /* GnuTLS priority string; NULL is SERVER_TLS_PRIORITY */

    size_t max_body; /* bytes */
    unsigned max_connections, max_in_flight, threads;
    /* Bytes for judging: of one review, and of all at once beyond the first ARENA_FIRST_CHUNK of each. */
    size_t review_memory, reviews_memory;

    /* Milliseconds, and absolute: a trickle of bytes does not extend them. */
    unsigned handshake_timeout, request_timeout, idle_timeout;
    unsigned shutdown_delay, drain_timeout, reload_interval;

    bool text_log;
    unsigned log_level; /* of enum log_level: lines of lower ones are not written */
    int log_fd;
    const struct server_addon *companion; /* NULL: none */
};

/* TLS 1.2 and 1.3, ephemeral ECDH and AEAD ciphers only. */
#define SERVER_TLS_PRIORITY                                                                                  \
    "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:"             \
    "+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305"

struct server_options server_defaults(void);

struct server;

/* Starts listening. NULL when it cannot, with one line in `reterr`: what, where, how to fix. Signals that
 * the process handles itself must be blocked before. Handler and options must outlive the server. */
struct server *server_start(const struct server_options *o, const struct server_handler *h,
                            struct error *reterr);

/* Whether it could start and get ready: reads certificate, key and client CA as server_start() does, and listens nowhere.
 * False with one line, also when no client would accept the certificate. */
bool server_check(const struct server_options *o, struct error *reterr);

/* The ports it listens on, also where the system chose them. */
unsigned server_port(const struct server *s);
unsigned server_health_port(const struct server *s);

/* Reads certificate, key, client CA and the handler's policy again. Without `forced` unchanged or already
 * refused contents are left alone. */
void server_reload(struct server *s, bool forced);

/* Serves this pair (PEM) from now on, in place of files. False with one line, and what was served stays. From
 * any thread. */
bool server_certify(struct server *s, slice cert_pem, slice key_pem, struct error *reterr);

/* Makes the server not ready for this reason (one static line) until called with NULL. */
void server_set_unready(struct server *s, const char *why);

void server_drain(struct server *s);   /* unready; answers carry "Connection: close" */
void server_quiesce(struct server *s); /* accepts no more connections */
bool server_busy(struct server *s);    /* a client still waits for an answer */
void server_stop(struct server *s);    /* closes all connections, ends all threads, frees */

/* Serves until SIGTERM or SIGINT, drains and stops; SIGHUP reloads. The process's exit status. Only SIGTERM is
 * followed by the shutdown delay. A second signal ends the process at once. The signals must be blocked (server_block_signals()). */
int server_run(struct server *s);
void server_block_signals(void);

#endif
