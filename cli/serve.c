/* Reads the flags of `brgate serve`, makes a certificate if asked to, and runs the server. */
#include "serve.h"
#include "command.h"

#include "arena.h"
#include "certificate.h"
#include "num.h"
#include "serve_keeping.h"
#include "suggest.h"

#include <malloc.h>
#include <time.h>

enum { MOST_CLIENT_NAMES = 16, SELF_SIGNED_DAYS = 365, ARENA_BYTES = 1 << 20 };

struct settings {
    struct server_options server;
    const char *config;
    const char *defaults; /* NULL: as the policy says */
    const char *log_format;
    const char *client_names[MOST_CLIENT_NAMES];
    struct keeping_options keeping; /* certificates that the servers keep themselves */
    bool self_signed, help;
};

enum kind { TEXT, NAMES, COUNT, SIZE, DURATION, SECONDS, SWITCH };

struct flag {
    const char *name;
    enum kind kind;
    size_t at; /* in struct settings */
    uint64_t least, most;
};

#define AT(field) offsetof(struct settings, field)

static const struct flag flags[] = {
    {"--listen", TEXT, AT(server.listen), 0, 0},
    {"--health-listen", TEXT, AT(server.health_listen), 0, 0},
    {"--tls-cert", TEXT, AT(server.cert_file), 0, 0},
    {"--tls-key", TEXT, AT(server.key_file), 0, 0},
    {"--tls-name", TEXT, AT(server.tls_name), 0, 0},
    {"--self-signed", SWITCH, AT(self_signed), 0, 0},
    {"--certs-secret", TEXT, AT(keeping.secret), 0, 0},
    {"--certs-service", TEXT, AT(keeping.service), 0, 0},
    {"--webhook-configuration", TEXT, AT(keeping.configuration), 0, 0},
    {"--certs-name", TEXT, AT(keeping.name), 0, 0},
    {"--certs-life", SECONDS, AT(keeping.life), 30000, 366 * 86400000ULL},
    {"--certs-settle", SECONDS, AT(keeping.settle), 1000, 86400000},
    {"--certs-interval", DURATION, AT(keeping.interval), 100, 60000},
    {"--kubeconfig", TEXT, AT(keeping.kubeconfig), 0, 0},
    {"--client-ca", TEXT, AT(server.client_ca_file), 0, 0},
    {"--client-name", NAMES, AT(client_names), 0, 0},
    {"--tls-priority", TEXT, AT(server.tls_priority), 0, 0},
    {"--config", TEXT, AT(config), 0, 0},
    {"--defaults", TEXT, AT(defaults), 0, 0},
    {"--max-body", SIZE, AT(server.max_body), 1024, 64 << 20},
    {"--review-memory", SIZE, AT(server.review_memory), 1 << 20, 4096ULL << 20},
    {"--reviews-memory", SIZE, AT(server.reviews_memory), 1 << 20, 65536ULL << 20},
    {"--max-connections", COUNT, AT(server.max_connections), 8, 65536},
    {"--max-in-flight", COUNT, AT(server.max_in_flight), 1, 65536},
    {"--threads", COUNT, AT(server.threads), 1, 64},
    {"--request-timeout", DURATION, AT(server.request_timeout), 100, 300000},
    {"--shutdown-delay", DURATION, AT(server.shutdown_delay), 0, 300000},
    {"--log-format", TEXT, AT(log_format), 0, 0},
    {"--help", SWITCH, AT(help), 0, 0},
};
enum { FLAG_COUNT = COUNT(flags) };

static const char help_text[] =
    "Usage: brgate serve (--tls-cert FILE --tls-key FILE | --certs-secret NAME |\n"
    "                     --self-signed) [FLAG...]\n"
    "\n"
    "Serves admission reviews over HTTPS (POST /validate, POST /mutate), and\n"
    "/livez, /readyz and /metrics over plain HTTP on a second port.\n"
    "\n"
    "Addresses and certificates\n"
    "  --listen ADDRESS:PORT         HTTPS port (0.0.0.0:8443); [::]:8443 takes IPv4\n"
    "                                and IPv6\n"
    "  --health-listen ADDRESS:PORT  health and metrics (0.0.0.0:8080)\n"
    "  --tls-cert FILE               certificate chain, PEM, leaf first\n"
    "  --tls-key FILE                its private key, PEM, not encrypted\n"
    "                                Both are read again when they change.\n"
    "  --tls-name NAME               what clients call this server; not ready while\n"
    "                                the certificate is not for this name\n"
    "  --self-signed                 a certificate for localhost made at start, for\n"
    "                                trying things out\n"
    "  --certs-secret [NS/]NAME      the servers keep their certificate themselves:\n"
    "                                made once, by whichever comes first, in this\n"
    "                                Secret of the pod's namespace, renewed in time,\n"
    "                                its CA put into the webhook configurations\n"
    "                                (`brgate certs self --help` tells how)\n"
    "  --certs-service NAME          the webhook's Service, which it is made for\n"
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
    "  --config FILE                 policy: severities and overridable rules; read\n"
    "                                again when it changes\n"
    "  --defaults MODE               which defaults /mutate adds: effective,\n"
    "                                documented or none, whatever the policy says;\n"
    "                                see brgate default --help (effective)\n"
    "\n"
    "Limits\n"
    "  --max-body SIZE               of one request (8Mi); more is answered with 413\n"
    "  --max-connections N           open at once (512); one more takes the place of\n"
    "                                one that never sent a review, or of an idle one\n"
    "  --max-in-flight N             reviews at once (64); more get a 429\n"
    "  --review-memory SIZE          to judge one (128Mi); more is answered with 413\n"
    "  --reviews-memory SIZE         to judge all that are under way, beyond 64 KiB\n"
    "                                each (160Mi); more get a 429\n"
    "  --threads N                   workers (one per processor, 8 at most)\n"
    "  --request-timeout DURATION    from the request line to the end of the answer\n"
    "                                (30s)\n"
    "\n"
    "Operation\n"
    "  --shutdown-delay DURATION     keep serving after SIGTERM (10s), while the\n"
    "                                cluster learns that this replica is going\n"
    "  --log-format json|text        one line per review on standard error (json)\n"
    "\n"
    "Sizes are bytes or have Ki or Mi behind them, durations ms, s, m or h.\n"
    "SIGHUP reads certificates, client CAs and policy again; changed files are\n"
    "noticed within ten seconds. SIGINT (Ctrl-C) ends the process when what is under\n"
    "way is answered, without the delay; a second signal ends it at once.\n";

static int usage_error(const char *what, const char *which)
{
    fprintf(stderr, "brgate serve: %s%s%s (see brgate serve --help)\n", which, *which ? ": " : "", what);
    return EXIT_UNABLE;
}

/* "30s" with unit names and factors; without a unit the factor of the empty name, if there is one. */
struct unit {
    const char *name;
    uint64_t factor;
};

static bool scaled(const char *text, const struct unit *units, size_t count, uint64_t *ret)
{
    slice s = slice_of(text);
    size_t digits = 0;
    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
        digits++;
    uint64_t n;
    if (!num_u64(slice_cut(s, 0, digits), &n))
        return false;
    for (size_t i = 0; i < count; i++)
        if (slice_eq(slice_from(s, digits), slice_of(units[i].name)))
            return !__builtin_mul_overflow(n, units[i].factor, ret);
    return false;
}

static bool is_duration(const struct flag *f)
{
    return f->kind == DURATION || f->kind == SECONDS;
}

static bool number_of(const struct flag *f, const char *text, uint64_t *ret)
{
    static const struct unit sizes[] = {{"", 1}, {"Ki", 1 << 10}, {"Mi", 1 << 20}};
    static const struct unit durations[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    bool valid = is_duration(f)    ? scaled(text, durations, 4, ret)
                 : f->kind == SIZE ? scaled(text, sizes, 3, ret)
                                   : num_u64(slice_of(text), ret);
    return valid && *ret >= f->least && *ret <= f->most;
}

static const char *expected(const struct flag *f)
{
    static char text[96];
    if (is_duration(f))
        snprintf(text, sizeof text, "expected a duration such as 500ms, 30s or 2m, from %llums to %llum",
                 (unsigned long long)f->least, (unsigned long long)(f->most / 60000));
    else
        snprintf(text, sizeof text, "expected %s from %llu to %llu",
                 f->kind == SIZE ? "a size such as 8Mi," : "a number", (unsigned long long)f->least,
                 (unsigned long long)f->most);
    return text;
}

static const char *set(struct settings *s, const struct flag *f, const char *value)
{
    char *field = (char *)s + f->at;
    uint64_t number;
    switch (f->kind) {
    case TEXT:
        memcpy(field, &value, sizeof value);
        return *value ? NULL : "is empty";
    case NAMES:
        if (s->server.client_name_count == MOST_CLIENT_NAMES)
            return "may be given at most 16 times";
        s->client_names[s->server.client_name_count++] = value;
        return *value ? NULL : "is empty";
    case SWITCH:
        *(bool *)field = true;
        return NULL;
    case SIZE:
        if (!number_of(f, value, &number))
            return expected(f);
        *(size_t *)(void *)field = number;
        return NULL;
    case SECONDS:
        if (!number_of(f, value, &number))
            return expected(f);
        *(int64_t *)(void *)field = (int64_t)(number / 1000);
        return NULL;
    case COUNT:
    case DURATION:
        if (!number_of(f, value, &number))
            return expected(f);
        *(unsigned *)(void *)field = (unsigned)number;
        return NULL;
    }
    return NULL;
}

static int unknown_flag(slice name)
{
    slice names[FLAG_COUNT];
    char text[128];
    for (size_t i = 0; i < FLAG_COUNT; i++)
        names[i] = slice_of(flags[i].name);
    slice nearest = suggest_nearest(name, names, FLAG_COUNT);
    snprintf(text, sizeof text, "unknown flag%s%.*s%s", nearest.n ? "; did you mean " : "", FMT(nearest),
             nearest.n ? "?" : "");
    char shown[64];
    snprintf(shown, sizeof shown, "%.*s", FMT(name));
    return usage_error(text, shown);
}

/* One argument, or two when the value stands apart. 0, or the exit status. */
static int read_flag(struct settings *s, char **argv, int *at)
{
    slice argument = slice_of(argv[*at]);
    size_t equals = slice_find_char(argument, '=');
    slice name = slice_cut(argument, 0, equals);
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        const struct flag *f = &flags[i];
        if (!slice_eq(name, slice_of(f->name)))
            continue;
        const char *value = equals == SLICE_NONE ? NULL : argv[*at] + equals + 1;
        if (f->kind == SWITCH && value)
            return usage_error("takes no value", f->name);
        if (f->kind != SWITCH && !value && !(value = argv[++*at]))
            return usage_error("requires a value", f->name);
        const char *wrong = set(s, f, value);
        return wrong ? usage_error(wrong, f->name) : 0;
    }
    return unknown_flag(name);
}

static int check(struct settings *s)
{
    struct server_options *o = &s->server;
    bool files = o->cert_file || o->key_file;
    if (s->self_signed + files + (s->keeping.secret != NULL) > 1)
        return usage_error("--tls-cert and --tls-key, --certs-secret and --self-signed exclude each other",
                           "");
    if (!s->self_signed && !s->keeping.secret && (!o->cert_file || !o->key_file))
        return usage_error(
            "--tls-cert FILE and --tls-key FILE, --certs-secret NAME, or --self-signed is required", "");
    if (s->keeping.secret && (!s->keeping.service || !s->keeping.configuration))
        return usage_error("requires --certs-service NAME and --webhook-configuration NAME",
                           "--certs-secret");
    if (!s->keeping.secret && (s->keeping.service || s->keeping.configuration))
        return usage_error("have no effect without --certs-secret NAME",
                           "--certs-service and --webhook-configuration");
    if (o->client_name_count && !o->client_ca_file)
        return usage_error("has no effect without --client-ca FILE", "--client-name");
    if (o->review_memory > o->reviews_memory)
        return usage_error("is more than --reviews-memory: a review that needs it would never be judged",
                           "--review-memory");
    o->text_log = strcmp(s->log_format, "text") == 0;
    if (!o->text_log && strcmp(s->log_format, "json") != 0)
        return usage_error("expected json or text", "--log-format");
    return 0;
}

static int read_flags(int argc, char **argv, struct settings *s)
{
    s->server = server_defaults();
    s->keeping = keeping_defaults();
    s->log_format = "json";
    for (int i = 1; i < argc; i++) {
        int status = read_flag(s, argv, &i);
        if (status)
            return status;
    }
    s->server.client_names = s->client_names;
    return s->help ? 0 : check(s);
}

static bool make_self_signed(struct arena *a, struct server_options *o)
{
    static const slice names[] = {SLICE("localhost"), SLICE("127.0.0.1"), SLICE("::1")};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct certificate_request request = {.use = CERTIFICATE_SERVER,
                                          .common_name = LIT("localhost"),
                                          .names = names,
                                          .name_count = COUNT(names),
                                          .not_before = now.tv_sec - 60,
                                          .not_after = now.tv_sec + SELF_SIGNED_DAYS * 86400LL};
    struct certificate_pair pair;
    struct error error;
    if (!certificate_make(a, &request, NULL, &pair, &error)) {
        fprintf(stderr, "brgate serve: --self-signed: %s\n", error.text);
        return false;
    }
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

static int run(struct settings *s, handler_open *open)
{
    return_memory();
    struct server_handler handler = {0};
    struct error error;
    server_block_signals();
    struct server *server = NULL;
    struct cert_keeping *keeping = NULL;
    int status = EXIT_UNABLE;
    bool able = open(s->config, s->defaults, &handler, &error);
    if (able && s->keeping.secret) {
        keeping = keeping_open(&s->keeping, &s->server, &error);
        able = keeping != NULL;
    }
    if (able)
        server = server_start(&s->server, &handler, &error);
    if (server && (!keeping || keeping_start(keeping, server, &error)))
        status = server_host(server);
    keeping_close(keeping);
    if (handler.close)
        handler.close(handler.self);
    if (status != EXIT_UNABLE)
        return status;
    fprintf(stderr, "brgate serve: %s\n", error.text);
    return EXIT_UNABLE;
}

int serve(int argc, char **argv, handler_open *open)
{
    struct settings s = {0};
    int status = read_flags(argc, argv, &s);
    if (status)
        return status;
    if (s.help) {
        fputs(help_text, stdout);
        return EXIT_CLEAN;
    }
    struct arena *a = arena_new(ARENA_BYTES);
    status = a && (!s.self_signed || make_self_signed(a, &s.server)) ? run(&s, open) : EXIT_UNABLE;
    arena_free(a);
    return status;
}
