/* Reads the flags of `brgate serve`, makes a certificate if asked to, and runs the server. */
#include "serve.h"
#include "command.h"

#include "arena.h"
#include "certificate.h"
#include "clock.h"
#include "kube_name.h"
#include "log.h"
#include "options.h"
#include "serve_keeping.h"

#include <errno.h>
#include <malloc.h>

enum { SELF_SIGNED_DAYS = 365, ARENA_BYTES = 1 << 20 };

struct settings {
    struct server_options server;
    struct server_judging judging;
    unsigned log_format; /* of log_formats */
    struct option_texts client_names;
    struct keeping_options keeping; /* certificates that the servers keep themselves */
    bool self_signed, check_config;
};

static const char *const log_formats[] = {"json", "text", NULL};

static const struct option options[] = {
    {OPTION_TEXT("--listen", settings, server.listen)},
    {OPTION_TEXT("--health-listen", settings, server.health_listen)},
    {OPTION_TEXT("--tls-cert", settings, server.cert_file)},
    {OPTION_TEXT("--tls-key", settings, server.key_file)},
    {OPTION_TEXT("--tls-name", settings, server.tls_name), .check = certificate_name},
    {OPTION_SWITCH("--self-signed", settings, self_signed)},
    {OPTION_TEXT("--certs-secret", settings, keeping.secret), .check = kube_reference},
    {OPTION_TEXT("--certs-service", settings, keeping.service), .check = kube_label},
    {OPTION_TEXT("--webhook-configuration", settings, keeping.configuration), .check = kube_subdomain},
    {OPTION_TEXT("--certs-name", settings, keeping.name), .check = certificate_name},
    {OPTION_SECONDS("--certs-life", settings, keeping.life, 30000, 366ULL * OPTION_DAY)},
    {OPTION_SECONDS("--certs-settle", settings, keeping.settle, 1000, OPTION_DAY)},
    {OPTION_MILLISECONDS("--certs-interval", settings, keeping.interval, 100, 60000)},
    {OPTION_TEXT("--kubeconfig", settings, keeping.kubeconfig)},
    {OPTION_TEXT("--client-ca", settings, server.client_ca_file)},
    {OPTION_TEXTS("--client-name", settings, client_names)},
    {OPTION_TEXT("--tls-priority", settings, server.tls_priority)},
    {OPTION_TEXT("--config", settings, judging.config_file)},
    {OPTION_TEXT("--enforcement", settings, judging.enforcement)},
    {OPTION_TEXT("--defaults", settings, judging.defaults)},
    {OPTION_SIZE("--max-body", settings, server.max_body, 1024, 64 << 20)},
    {OPTION_SIZE("--review-memory", settings, server.review_memory, 1 << 20, 4096ULL << 20)},
    {OPTION_SIZE("--reviews-memory", settings, server.reviews_memory, 1 << 20, 65536ULL << 20)},
    {OPTION_NUMBER("--max-connections", settings, server.max_connections, 8, 65536)},
    {OPTION_NUMBER("--max-in-flight", settings, server.max_in_flight, 1, 65536)},
    {OPTION_NUMBER("--threads", settings, server.threads, 1, 64)},
    {OPTION_MILLISECONDS("--request-timeout", settings, server.request_timeout, 100, 300000)},
    {OPTION_MILLISECONDS("--shutdown-delay", settings, server.shutdown_delay, 0, 300000)},
    {OPTION_WORD("--log-format", settings, log_format, log_formats)},
    {OPTION_WORD("--log-level", settings, server.log_level, log_level_words)},
    {OPTION_SWITCH("--check-config", settings, check_config)},
};

static const char help_text[] =
    "Usage: brgate serve (--tls-cert FILE --tls-key FILE | --certs-secret NAME |\n"
    "                     --self-signed) [OPTION]...\n"
    "\n"
    "Serves admission reviews over HTTPS (POST /validate, POST /mutate), and\n"
    "/livez, /readyz and /metrics over plain HTTP on a second port.\n"
    "\n"
    "Addresses and certificates\n"
    "  --listen ADDRESS:PORT         HTTPS port (:8443, which is every address, IPv6\n"
    "                                included where the machine has it)\n"
    "  --health-listen ADDRESS:PORT  health and metrics (:8080)\n"
    "  --tls-cert FILE               certificate chain, PEM, leaf first\n"
    "  --tls-key FILE                its private key, PEM, not encrypted\n"
    "                                Both are read again when they change.\n"
    "  --tls-name NAME               the name clients use; the server is not ready\n"
    "                                while the certificate is not valid for it\n"
    "  --self-signed                 a certificate for localhost made at start, for\n"
    "                                trying things out\n"
    "  --certs-secret [NS/]NAME      the servers keep their certificate themselves:\n"
    "                                made once, by the first one, in this\n"
    "                                Secret of the pod's namespace, renewed in time,\n"
    "                                its CA put into the webhook configurations\n"
    "                                (see `brgate certs self --help`)\n"
    "  --certs-service NAME          the webhook's Service, for which it is made\n"
    "  --webhook-configuration NAME  name of the Validating- and the\n"
    "                                MutatingWebhookConfiguration\n"
    "  --certs-name NAME             one more DNS name or IP address to be valid for\n"
    "  --certs-life DURATION         of a certificate and its CA (2160h); the next\n"
    "                                one is made after two thirds of it\n"
    "  --certs-settle DURATION       how long after a change of the configurations\n"
    "                                every API server is sure to know it (60s)\n"
    "  --certs-interval DURATION     between two looks at the Secret (10s)\n"
    "  --kubeconfig FILE             how to reach the API server from outside\n"
    "  --client-ca FILE              ask clients for a certificate of one of these\n"
    "                                CAs; read again when it changes\n"
    "  --client-name NAME            and for this common name or DNS name; may be\n"
    "                                given several times\n"
    "  --tls-priority STRING         GnuTLS priority string (TLS 1.2 and 1.3, ECDHE,\n"
    "                                AES-GCM and ChaCha20-Poly1305)\n"
    "\n"
    "Judging\n"
    "  --config FILE                 policy: severities, enforcement and overridable\n"
    "                                rules; read again when it changes\n"
    "  --enforcement deny|warn       what happens to an object with errors where the\n"
    "                                policy does not set it for the rule or the\n"
    "                                namespace: it is denied (deny), or stored with\n"
    "                                warnings \"would be denied: ...\"\n"
    "  --defaults MODE               which defaults /mutate adds: effective,\n"
    "                                documented or none, overriding the policy;\n"
    "                                see brgate default --help (effective)\n"
    "\n"
    "Limits\n"
    "  --max-body SIZE               of one request (8Mi); more is answered with 413\n"
    "  --max-connections N           open at once (512); one more replaces\n"
    "                                one that stalls, was never served, or is idle\n"
    "  --max-in-flight N             reviews at once (64); one more replaces\n"
    "                                one whose answer is not read, or gets a 429\n"
    "  --review-memory SIZE          to judge one (200Mi); beyond it the object is\n"
    "                                denied\n"
    "  --reviews-memory SIZE         to judge all in progress, beyond 64 KiB\n"
    "                                each (200Mi); more get a 429\n"
    "  --threads N                   workers (one per processor, 8 at most)\n"
    "  --request-timeout DURATION    from the request line to the end of the answer\n"
    "                                (30s)\n"
    "\n"
    "Operation\n"
    "  --shutdown-delay DURATION     keep serving after SIGTERM (10s), while the\n"
    "                                cluster learns that this replica is leaving\n"
    "  --log-format json|text        one line per review on standard error (json)\n"
    "  --log-level LEVEL             info, warning (no line for a review, unless it\n"
    "                                could not be answered) or error (info)\n"
    "  --check-config                read policy, certificate and key as at start,\n"
    "                                say whether they can be used, exit with 0 or 2\n"
    "\n"
    "Sizes are bytes or end in Ki, Mi or Gi, durations in ms, s, m, h or d.\n"
    "SIGHUP reads certificates, client CAs and policy again; changed files are\n"
    "noticed within ten seconds. SIGINT (Ctrl-C) ends the process when all requests\n"
    "in progress are answered, without the delay; a second signal ends it at once.\n"
    "\n"
    "Exit code: 0 ended by a signal, 2 it could not start.\n";

static int unusable(const char *what)
{
    return command_fails("serve", "%s", what);
}

/* OPTIONS_READ, or the exit status. */
static int check(struct settings *s)
{
    struct server_options *o = &s->server;
    bool files = o->cert_file || o->key_file;
    if (s->self_signed + files + (s->keeping.secret != NULL) > 1)
        return unusable("--tls-cert and --tls-key, --certs-secret and --self-signed exclude each other");
    if (!s->self_signed && !s->keeping.secret && (!o->cert_file || !o->key_file))
        return unusable(
            "--tls-cert FILE and --tls-key FILE, --certs-secret NAME, or --self-signed is required");
    if (s->keeping.secret && (!s->keeping.service || !s->keeping.configuration))
        return unusable("--certs-secret requires --certs-service NAME and --webhook-configuration NAME");
    if (!s->keeping.secret && (s->keeping.service || s->keeping.configuration))
        return unusable(
            "--certs-service and --webhook-configuration have no effect without --certs-secret NAME");
    if (o->client_name_count && !o->client_ca_file)
        return unusable("--client-name has no effect without --client-ca FILE");
    if (o->review_memory > o->reviews_memory)
        return unusable(
            "--review-memory is more than --reviews-memory: a review that needs it would never be judged");
    o->text_log = s->log_format == 1;
    return OPTIONS_READ;
}

static int read_options(int argc, char **argv, struct settings *s)
{
    static const struct options command = {
        .command = "serve", .help = help_text, .list = options, .count = COUNT(options)};
    s->server = server_defaults();
    s->keeping = keeping_defaults();
    int status = options_read(&command, argc, argv, s, NULL);
    s->server.client_names = s->client_names.items;
    s->server.client_name_count = s->client_names.count;
    return status == OPTIONS_READ ? check(s) : status;
}

static bool make_self_signed(struct arena *a, struct server_options *o, struct error *reterr)
{
    static const slice names[] = {SLICE("localhost"), SLICE("127.0.0.1"), SLICE("::1")};
    int64_t now = clock_unix();
    struct certificate_request request = {.use = CERTIFICATE_SERVER,
                                          .common_name = LIT("localhost"),
                                          .names = names,
                                          .name_count = COUNT(names),
                                          .not_before = now - 60,
                                          .not_after = now + SELF_SIGNED_DAYS * 86400LL};
    struct certificate_pair pair;
    struct error error;
    if (!certificate_make(a, &request, NULL, &pair, &error))
        return error_set(reterr, "--self-signed: %s", error.text);
    o->cert_pem = pair.certificate;
    o->key_pem = pair.key;
    return true;
}

/* An arena's memory goes back to the system when the arena goes. By itself glibc stops doing that once it has
 * freed a large piece, and keeps holes of all sizes for each thread: three times what --reviews-memory
 * allows. */
static void return_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, ARENA_FIRST_CHUNK);
}

/* Serves until it is stopped; the exit status. */
static int run(struct settings *s, struct server_handler *handler, struct error *reterr)
{
    struct server *server = NULL;
    struct cert_keeping *keeping = NULL;
    int status = EXIT_UNABLE;
    bool able = true;
    if (s->keeping.secret) {
        keeping = keeping_open(&s->keeping, &s->server, reterr);
        able = keeping != NULL;
    }
    if (able)
        server = server_start(&s->server, handler, reterr);
    if (server && (!keeping || keeping_start(keeping, server, reterr)))
        status = server_run(server);
    keeping_close(keeping);
    return status;
}

/* For a person, or for an init container, which shows only its output. */
static int check_config(const struct settings *s, const struct server_handler *handler, struct error *reterr)
{
    struct server_policy p = {.enforcement = "deny"};
    if (!server_check(&s->server, reterr))
        return EXIT_UNABLE;
    if (handler->policy)
        handler->policy(handler->context, &p);
    printf("policy %s, enforcement %s: no errors\n", p.sha256[0] ? p.sha256 : "none", p.enforcement);
    if (fflush(stdout) == 0)
        return EXIT_CLEAN;
    error_set(reterr, "standard output: %s", strerror(errno));
    return EXIT_UNABLE;
}

/* In the form of the log, as the same programs read both. */
static int cannot_start(const struct settings *s, const struct error *why)
{
    struct log *log = s->server.text_log ? NULL : log_new(s->server.log_fd, false, LOG_LEVEL_ERROR);
    if (!log)
        return command_fails("serve", "%s", why->text);
    log_event(log, LOG_LEVEL_ERROR, "not-started", "%s", why->text);
    log_close(log);
    return EXIT_UNABLE;
}

static int open_and_run(struct settings *s, struct arena *a, handler_open *open)
{
    struct server_handler handler = {0};
    struct error error = {0};
    server_block_signals();
    int status = EXIT_UNABLE;
    if ((!s->self_signed || make_self_signed(a, &s->server, &error)) && open(&s->judging, &handler, &error))
        status = s->check_config ? check_config(s, &handler, &error) : run(s, &handler, &error);
    if (handler.close)
        handler.close(handler.context);
    return status == EXIT_UNABLE ? cannot_start(s, &error) : status;
}

int serve(int argc, char **argv, handler_open *open)
{
    struct settings s = {0};
    int status = read_options(argc, argv, &s);
    if (status != OPTIONS_READ)
        return status;
    return_memory();
    struct arena *a = arena_new(ARENA_BYTES);
    status = a ? open_and_run(&s, a, open) : cannot_start(&s, &(struct error){"out of memory"});
    arena_free(a);
    return status;
}
