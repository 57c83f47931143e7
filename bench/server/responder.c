/* responder (bare | constant | read | judge) --listen ADDRESS:PORT: the floor of the benchmark, and our server up to one
 * stage of its work. `bare` is libmicrohttpd with the same options and without our code: no checks, deadlines, metrics or
 * log lines. The others are our server: with a handler that does nothing, that reads the review, that judges it and composes
 * the answer. */
#include "builtin_schemas.h"
#include "certificate.h"
#include "document.h"
#include "review.h"
#include "server.h"

#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char constant[] =
    "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"response\":"
    "{\"uid\":\"8b7510ca-e195-4085-a367-5e756ca57c6e\",\"allowed\":true}}";

static int fail(const char *what)
{
    fprintf(stderr, "responder: %s\n", what);
    return EXIT_FAILURE;
}

static struct certificate_pair make_pair(struct arena *a)
{
    slice name = {"localhost", 9};
    struct error error;
    int64_t now = time(NULL);
    struct certificate_request request = {CERTIFICATE_SERVER, name, &name, 1, now - 60, now + 86400};
    struct certificate_pair pair = {0};
    certificate_make(a, &request, NULL, &pair, &error);
    return pair;
}

static gnutls_pcert_st certificate;
static gnutls_privkey_t key;

static int retrieve(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
                    const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **ret_chain,
                    unsigned *ret_count, gnutls_privkey_t *ret_key)
{
    (void)session, (void)names, (void)name_count, (void)algorithms, (void)algorithm_count;
    *ret_chain = &certificate;
    *ret_count = 1;
    *ret_key = key;
    return 0;
}

static enum MHD_Result answer_bare(void *owner, struct MHD_Connection *mhd, const char *url,
                                   const char *method, const char *version, const char *data, size_t *size,
                                   void **context)
{
    (void)owner, (void)url, (void)method, (void)version, (void)data;
    static int seen;
    if (!*context || *size) {
        *context = &seen;
        *size = 0;
        return MHD_YES;
    }
    struct MHD_Response *r = MHD_create_response_from_buffer(sizeof constant - 1, (void *)(uintptr_t)constant,
                                                             MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    enum MHD_Result queued = MHD_queue_response(mhd, MHD_HTTP_OK, r);
    MHD_destroy_response(r);
    return queued;
}

static int serve_bare(unsigned port, struct certificate_pair pair)
{
    gnutls_datum_t chain_text = {(unsigned char *)(uintptr_t)pair.certificate.p,
                                 (unsigned)pair.certificate.n};
    gnutls_datum_t key_text = {(unsigned char *)(uintptr_t)pair.key.p, (unsigned)pair.key.n};
    struct server_options o = server_defaults();
    if (gnutls_pcert_import_x509_raw(&certificate, &chain_text, GNUTLS_X509_FMT_PEM, 0) != 0 ||
        gnutls_privkey_init(&key) != 0 ||
        gnutls_privkey_import_x509_raw(key, &key_text, GNUTLS_X509_FMT_PEM, NULL, 0) != 0)
        return fail("no certificate");
    if (!MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_TLS, (uint16_t)port, NULL,
                          NULL, answer_bare, NULL, MHD_OPTION_CONNECTION_LIMIT, o.max_connections,
                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32 << 10,
                          MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)8 << 10,
                          MHD_OPTION_HTTPS_PRIORITIES, SERVER_TLS_PRIORITY, MHD_OPTION_HTTPS_CERT_CALLBACK,
                          retrieve, o.threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, o.threads,
                          MHD_OPTION_END))
        return fail("cannot listen");
    int signal_number;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    return sigwait(&set, &signal_number) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void answer_constant(void *owner, struct arena *a, size_t endpoint, slice body,
                            struct server_answer *ret)
{
    (void)owner, (void)a, (void)endpoint, (void)body;
    ret->verdict = SERVER_ALLOWED;
    ret->body = (slice){constant, sizeof constant - 1};
}

static void answer_after_reading(void *owner, struct arena *a, size_t endpoint, slice body,
                                 struct server_answer *ret)
{
    struct findings f = findings_new(a);
    if (json_read(a, body, &f))
        answer_constant(owner, a, endpoint, body, ret);
}

static void answer_after_judging(void *gate, struct arena *a, size_t endpoint, slice body,
                                 struct server_answer *ret)
{
    struct review_facts facts;
    ret->body = review_answer(gate, a, (enum endpoint)endpoint, body, time(NULL), &facts);
    ret->verdict = SERVER_ALLOWED;
}

/* The stages of the handler's work before it answers: each includes those above it. */
static const struct stage {
    const char *name;
    void (*answer)(void *context, struct arena *a, size_t endpoint, slice body, struct server_answer *ret);
} stages[] = {
    {"constant", answer_constant},
    {"read", answer_after_reading},
    {"judge", answer_after_judging},
};

static const struct stage *stage_of(const char *name)
{
    for (size_t i = 0; i < COUNT(stages); i++)
        if (strcmp(stages[i].name, name) == 0)
            return &stages[i];
    return NULL;
}

static int serve_stage(const struct stage *stage, const char *address, struct certificate_pair pair)
{
    static const struct policy no_policy;
    static const char *const paths[] = {"/validate"};
    const struct server_handler handler = {.answer = stage->answer,
                                           .context = gate_open(&no_policy, &builtin_schemas),
                                           .paths = paths,
                                           .path_count = COUNT(paths)};
    struct error error = {0};
    struct server_options o = server_defaults();
    o.listen = address;
    o.health_listen = "127.0.0.1:0";
    o.cert_pem = pair.certificate;
    o.key_pem = pair.key;
    o.shutdown_delay = 0;
    struct server *s = server_start(&o, &handler, &error);
    return s ? server_run(s) : fail(error.text);
}

int main(int argc, char **argv)
{
    struct arena *a = arena_new(1 << 20);
    const struct stage *stage = argc > 1 ? stage_of(argv[1]) : NULL;
    if (argc != 4 || !a || strcmp(argv[2], "--listen") != 0 || !strchr(argv[3], ':') ||
        (!stage && strcmp(argv[1], "bare") != 0))
        return fail("usage: responder (bare | constant | read | judge) --listen ADDRESS:PORT");
    struct certificate_pair pair = make_pair(a);
    server_block_signals();
    if (stage)
        return serve_stage(stage, argv[3], pair);
    return serve_bare((unsigned)strtoul(strrchr(argv[3], ':') + 1, NULL, 10), pair);
}
