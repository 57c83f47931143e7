/* `brgate serve` as a process: flags, files, signals, exit codes. */
#include "check.h"

#include "fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REVIEW                                                                                               \
    "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\nabcd"

enum { MOST_ARGUMENTS = 24, TEXT_BYTES = 1 << 16 };

struct process {
    pid_t id;
    int out, err;
    rlim_t descriptors; /* that it may have; 0: as many as we */
    struct fixture f;   /* ports and directory; no server of its own */
    char text[TEXT_BYTES];
    size_t n;
};

static void process_start(struct process *p, const char *const *arguments)
{
    int out[2], err[2];
    char *argv[MOST_ARGUMENTS] = {(char *)(uintptr_t)SERVE_PROCESS, (char *)(uintptr_t) "serve"};
    for (size_t i = 0; arguments[i]; i++)
        argv[i + 2] = (char *)(uintptr_t)arguments[i];
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(err, O_CLOEXEC), 0);
    p->id = fork();
    if (p->id == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        if (p->descriptors)
            setrlimit(RLIMIT_NOFILE, &(struct rlimit){p->descriptors, p->descriptors});
        execv(argv[0], argv);
        _exit(127);
    }
    assert_true(p->id > 0);
    close(out[1]);
    close(err[1]);
    p->out = out[0];
    p->err = err[0];
    p->n = 0;
    p->text[0] = '\0';
}

/* Reads standard error until it holds the words. */
static bool says(struct process *p, const char *words)
{
    while (!strstr(p->text, words)) {
        struct pollfd ready = {.fd = p->err, .events = POLLIN};
        if (poll(&ready, 1, PATIENCE_S * 1000) <= 0)
            return false;
        if (p->n > TEXT_BYTES / 2) { /* the last words are enough */
            memmove(p->text, p->text + p->n - 1024, 1025);
            p->n = 1024;
        }
        ssize_t got = read(p->err, p->text + p->n, TEXT_BYTES - 1 - p->n);
        if (got <= 0)
            return false;
        p->n += (size_t)got;
        p->text[p->n] = '\0';
    }
    return true;
}

static unsigned port_after(const char *text, const char *words)
{
    const char *at = strstr(text, words);
    at = at ? strstr(at, "(port ") : NULL;
    return at ? (unsigned)strtoul(at + 6, NULL, 10) : 0;
}

static void process_ready(struct process *p)
{
    if (!says(p, "\"started\"") || !says(p, "health on"))
        fail_msg("not started: %s", p->text);
    assert_true(says(p, "\n"));
    const char *line = strstr(p->text, "\"started\"");
    p->f.port = port_after(line, "HTTPS on");
    p->f.health = port_after(line, "health on");
    assert_true(p->f.port && p->f.health);
}

static int process_end(struct process *p)
{
    int status;
    says(p, "\1"); /* to the end of its output */
    assert_int_equal(waitpid(p->id, &status, 0), p->id);
    close(p->out);
    close(p->err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

#define ON_LOOPBACK "--listen", "127.0.0.1:0", "--health-listen=127.0.0.1:0"

static void a_newcomer_gets_in_however_few_descriptors_there_are(void **state)
{
    (void)state;
    enum { STRANGERS = 400 };
    static struct process p = {.descriptors = 300};
    int strangers[STRANGERS];
    process_start(&p, (const char *const[]){ON_LOOPBACK, "--self-signed", "--shutdown-delay", "0s", NULL});
    process_ready(&p);
    assert_non_null(
        strstr(p.text, "needs 768 file descriptors, but the system allows 300: at most 44 connections"));
    for (size_t i = 0; i < STRANGERS; i++)
        strangers[i] = peer_dial(p.f.port);
    assert_int_equal(peer_ask(p.f.port, NULL, LIT(REVIEW)).status, 200);
    assert_true(fixture_metric(&p.f, "brgate_webhook_refused_total{reason=\"crowded\"}") > 0);
    for (size_t i = 0; i < STRANGERS; i++)
        close(strangers[i]);
    kill(p.id, SIGTERM);
    assert_int_equal(process_end(&p), 0);
}

static void sigterm_drains(void **state)
{
    (void)state;
    static struct process p;
    struct peer idle;
    process_start(&p, (const char *const[]){ON_LOOPBACK, "--self-signed", "--shutdown-delay", "1s", NULL});
    process_ready(&p);
    assert_true(peer_open(&idle, p.f.port, NULL));
    assert_true(peer_send(&idle, LIT(REVIEW)));
    assert_false(peer_reply(&idle).closing);
    assert_int_equal(fixture_health(&p.f, "/readyz"), 200);
    kill(p.id, SIGTERM);
    assert_true(says(&p, "\"draining\""));
    assert_int_equal(fixture_health(&p.f, "/readyz"), 503);
    assert_int_equal(fixture_health(&p.f, "/livez"), 200);
    assert_true(peer_send(&idle, LIT(REVIEW)));
    struct reply r = peer_reply(&idle);
    assert_int_equal(r.status, 200);
    assert_true(r.closing);
    assert_true(peer_ended(&idle));
    r = peer_ask(p.f.port, NULL, LIT(REVIEW)); /* a client that has not heard of it yet */
    assert_int_equal(r.status, 200);
    assert_int_equal(process_end(&p), 0);
    assert_non_null(strstr(p.text, "all requests were answered"));
    peer_close(&idle);
}

static void requests_in_flight_are_finished(void **state)
{
    (void)state;
    static struct process p;
    struct peer slow;
    process_start(&p, (const char *const[]){ON_LOOPBACK, "--self-signed", "--shutdown-delay=0s", NULL});
    process_ready(&p);
    slice review = LIT(REVIEW);
    assert_true(peer_open(&slow, p.f.port, NULL));
    assert_true(peer_send(&slow, slice_cut(review, 0, review.n - 2)));
    assert_true(fixture_becomes(&p.f, "brgate_webhook_requests_in_flight", 1));
    kill(p.id, SIGTERM);
    for (int fd; (fd = peer_dial(p.f.port)) >= 0;) { /* until it takes no more connections */
        close(fd);
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    assert_true(peer_send(&slow, slice_from(review, review.n - 2)));
    assert_int_equal(peer_reply(&slow).status, 200);
    assert_int_equal(process_end(&p), 0);
    peer_close(&slow);
}

enum { HAMMERS = 4 };

struct hammer {
    pthread_t thread;
    unsigned port;
    size_t answered, failed;
};

/* A client that behaves like the API server: it keeps its connection, reconnects when asked to, and stops only when no
 * server listens any more. */
static void *hammer(void *context)
{
    struct hammer *h = context;
    for (;;) {
        int fd = peer_dial(h->port);
        if (fd < 0)
            return NULL;
        close(fd);
        struct peer p;
        if (!peer_open(&p, h->port, NULL)) {
            fd = peer_dial(h->port); /* refused in between? */
            if (fd >= 0) {
                close(fd);
                h->failed++;
            }
            continue;
        }
        for (struct reply r = {0}; !r.closing;) {
            r = (struct reply){0};
            if (peer_send(&p, LIT(REVIEW)))
                r = peer_reply(&p);
            if (r.status != 200) {
                h->failed++;
                break;
            }
            h->answered++;
        }
        peer_close(&p);
    }
}

static void no_review_fails_while_it_drains(void **state)
{
    (void)state;
    static struct process p;
    static struct hammer hammers[HAMMERS];
    process_start(&p, (const char *const[]){ON_LOOPBACK, "--self-signed", "--shutdown-delay=300ms", NULL});
    process_ready(&p);
    for (size_t i = 0; i < HAMMERS; i++) {
        hammers[i].port = p.f.port;
        assert_int_equal(pthread_create(&hammers[i].thread, NULL, hammer, &hammers[i]), 0);
    }
    assert_true(says(&p, "\"review\""));
    kill(p.id, SIGTERM);
    assert_int_equal(process_end(&p), 0);
    for (size_t i = 0; i < HAMMERS; i++) {
        pthread_join(hammers[i].thread, NULL);
        assert_true(hammers[i].answered > 0);
        assert_int_equal(hammers[i].failed, 0);
    }
}

static void a_second_signal_ends_at_once(void **state)
{
    (void)state;
    static struct process p;
    process_start(&p, (const char *const[]){ON_LOOPBACK, "--self-signed", "--shutdown-delay", "5m", NULL});
    process_ready(&p);
    kill(p.id, SIGTERM);
    assert_true(says(&p, "\"draining\""));
    kill(p.id, SIGTERM);
    assert_int_equal(process_end(&p), 128 + SIGTERM);
}

/* The delay of five minutes would outlast the test. */
static void an_interrupt_waits_for_no_one(void **state)
{
    (void)state;
    static struct process p;
    process_start(&p, (const char *const[]){ON_LOOPBACK, "--self-signed", "--shutdown-delay", "5m", NULL});
    process_ready(&p);
    kill(p.id, SIGINT);
    assert_int_equal(process_end(&p), 0);
}

static void sighup_reads_the_certificates_again(void **state)
{
    (void)state;
    static struct process p;
    struct peer peer;
    char before[65];
    p.f.arena = arena_new(1 << 20);
    struct certificate_pair pair = fixture_pair(&p.f), fresh = fixture_pair(&p.f);
    fixture_write(&p.f, "tls.crt", pair.certificate);
    fixture_write(&p.f, "tls.key", pair.key);
    const char *certificate = fixture_path(&p.f, "tls.crt"), *key = fixture_path(&p.f, "tls.key");
    process_start(&p, (const char *const[]){ON_LOOPBACK, "--tls-cert", certificate, "--tls-key", key,
                                            "--shutdown-delay=0s", NULL});
    process_ready(&p);
    assert_true(peer_open(&peer, p.f.port, NULL));
    memcpy(before, peer.fingerprint, sizeof before);
    peer_close(&peer);
    fixture_write(&p.f, "tls.crt", fresh.certificate);
    fixture_write(&p.f, "tls.key", fresh.key);
    kill(p.id, SIGHUP);
    assert_true(fixture_becomes(&p.f, "brgate_webhook_certificate_reloads_total{result=\"success\"}", 1));
    assert_true(peer_open(&peer, p.f.port, NULL));
    assert_string_not_equal(peer.fingerprint, before);
    peer_close(&peer);
    kill(p.id, SIGTERM);
    assert_int_equal(process_end(&p), 0);
    memset(p.f.log, -1, sizeof p.f.log);
    fixture_end(&p.f);
}

/* A socket that listens; `address` is ADDRESS:PORT. */
static int take_port(char address[32])
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    getsockname(fd, (struct sockaddr *)&at, &n);
    snprintf(address, 32, "127.0.0.1:%u", ntohs(at.sin_port));
    return fd;
}

/* `starting`: the flags are right, so that messages have the form of the log. */
static void check_mistake(struct process *p, const char *const *arguments, const char *message, bool starting)
{
    const char *form = starting ? "\"level\":\"error\",\"event\":\"not-started\"" : "brgate serve: ";
    process_start(p, arguments);
    int status = process_end(p);
    if (status != 2 || !strstr(p->text, message))
        print_error("exit %d: %s\n", status, p->text);
    assert_row(message, status == 2);
    assert_row(message, strstr(p->text, message) != NULL);
    assert_row(message, strstr(p->text, form) != NULL);
    bool loaded_first = strstr(p->text, "\"event\":\"certificate\"") != NULL;
    assert_row(message, !loaded_first || strstr(p->text, "this machine has no such address") ||
                            strstr(p->text, "another process uses this port"));
}

/* A certificate, and the key of another one. */
static void write_mismatch(struct fixture *f)
{
    struct certificate_pair one = fixture_pair(f), two = fixture_pair(f);
    fixture_write(f, "one.crt", one.certificate);
    fixture_write(f, "two.key", two.key);
}

static void mistakes_are_told(void **state)
{
    (void)state;
    static struct process p;
    p.f.arena = arena_new(1 << 20);
    write_mismatch(&p.f);
    const char *certificate = fixture_path(&p.f, "one.crt"), *key = fixture_path(&p.f, "two.key");
    const char *none = fixture_path(&p.f, "none");
    char busy[32];
    int taken = take_port(busy);
    const struct {
        const char *arguments[8], *message;
        bool starting;
    } rows[] = {
        {{NULL},
         "--tls-cert FILE and --tls-key FILE, --certs-secret NAME, or --self-signed is required",
         false},
        {{"--tls-cert", "x"},
         "--tls-cert FILE and --tls-key FILE, --certs-secret NAME, or --self-signed",
         false},
        {{"--self-signed", "--tls-cert", "x"}, "--certs-secret and --self-signed exclude each other", false},
        {{"--self-signed=yes"}, "--self-signed takes no value", false},
        {{"--self-signed", "--listn", "x"}, "unknown option --listn; did you mean --listen?", false},
        {{"--self-signed", "extra"}, "unexpected argument extra; see 'brgate serve --help'", false},
        {{"--self-signed", "--listen"}, "--listen requires a value", false},
        {{"--self-signed", "--listen", "localhost:1"}, "--listen localhost:1: expected ADDRESS:PORT", true},
        {{"--self-signed", "--listen", "127.0.0.1:65536"}, "the port must be from 1 to 65535", true},
        {{"--self-signed", "--health-listen", "127.0.0.1:65536"}, "the port must be from 1 to 65535", true},
        {{"--self-signed", "--listen", "192.0.2.1:0"}, "this machine has no such address", true},
        {{"--self-signed", "--listen", busy}, "another process uses this port", true},
        {{"--self-signed", "--listen", "127.0.0.1:0", "--health-listen", busy},
         "another process uses this port",
         true},
        {{"--self-signed", "--max-body", "8M"},
         "--max-body 8M: expected a size such as 512Ki or 8Mi, from 1Ki to 64Mi",
         false},
        {{"--self-signed", "--threads", "0"}, "--threads 0: expected a number from 1 to 64", false},
        {{"--self-signed", "--request-timeout", "30"},
         "--request-timeout 30: expected a duration such as 500ms, 30s or 2m, from 100ms to 5m",
         false},
        {{"--self-signed", "--log-format", "xml"}, "--log-format xml: expected json or text", false},
        {{"--self-signed", "--client-name", "x"}, "--client-name has no effect without --client-ca", false},
        {{"--self-signed", "--client-ca", none}, "No such file or directory", true},
        {{"--self-signed", "--listen", "127.0.0.1:0", "--tls-priority", "NONSENSE"},
         "--tls-priority NONSENSE: not a GnuTLS priority string",
         true},
        {{"--self-signed", "--config", "x"}, "--config x: not readable", true},
        {{"--tls-cert", none, "--tls-key", key}, "none: No such file or directory", true},
        {{"--tls-cert", key, "--tls-key", key}, "a private key, not a certificate", true},
        {{"--tls-cert", key, "--tls-key", certificate},
         "two.key: a private key, not a certificate; are the two files exchanged?",
         true},
        {{"--tls-cert", certificate, "--tls-key", certificate}, "a certificate, not a private key", true},
        {{"--tls-cert", certificate, "--tls-key", key}, "the key does not match the certificate", true},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check_mistake(&p, rows[i].arguments, rows[i].message, rows[i].starting);
    close(taken);
    memset(p.f.log, -1, sizeof p.f.log);
    fixture_end(&p.f);
}

static void a_check_starts_nothing(void **state)
{
    (void)state;
    static struct process p;
    p.f.arena = arena_new(1 << 20);
    static const char *const good[] = {"--self-signed", "--check-config", "--listen", "192.0.2.1:0", NULL};
    static const char *const text[] = {"--self-signed", "--check-config", "--config", "x",
                                       "--log-format",  "text",           NULL};
    process_start(&p, good);
    assert_int_equal(process_end(&p), 0);
    process_start(&p, text);
    assert_int_equal(process_end(&p), 2);
    assert_non_null(strstr(p.text, "brgate serve: --config x: not readable\n"));
    check_mistake(
        &p, (const char *const[]){"--self-signed", "--check-config", "--tls-name", "gate.example", NULL},
        "--self-signed: the certificate is for localhost, 127.0.0.1, ::1, not for gate.example, as "
        "--tls-name requires",
        true);
    check_mistake(
        &p, (const char *const[]){"--self-signed", "--check-config", "--listen", "127.0.0.1:99999", NULL},
        "the port must be from 1 to 65535", true);
    memset(p.f.log, -1, sizeof p.f.log);
    fixture_end(&p.f);
}

static void help_fits_a_terminal(void **state)
{
    (void)state;
    static struct process p;
    static char text[TEXT_BYTES];
    process_start(&p, (const char *const[]){"--help", NULL});
    size_t n = 0;
    ssize_t got;
    while ((got = read(p.out, text + n, sizeof text - 1 - n)) > 0)
        n += (size_t)got;
    assert_int_equal(process_end(&p), 0);
    assert_string_equal(p.text, "");
    assert_non_null(strstr(text, "--tls-cert FILE"));
    for (const char *line = text, *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        assert_non_null(end);
        assert_true(end - line < 80);
    }
}

static void every_address_form_listens(void **state)
{
    (void)state;
    static const char *const forms[] = {"[::1]:0", "[::]:0", ":0", "0.0.0.0:0"};
    for (size_t i = 0; i < COUNT(forms); i++) {
        static struct process p;
        process_start(&p, (const char *const[]){"--listen", forms[i], "--health-listen=127.0.0.1:0",
                                                "--self-signed", "--shutdown-delay=0s", NULL});
        process_ready(&p);
        if (i > 0) /* IPv4 clients come to [::] too */
            assert_row(forms[i], peer_ask(p.f.port, NULL, LIT(REVIEW)).status == 200);
        kill(p.id, SIGTERM);
        assert_int_equal(process_end(&p), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_newcomer_gets_in_however_few_descriptors_there_are),
        cmocka_unit_test(sigterm_drains),
        cmocka_unit_test(requests_in_flight_are_finished),
        cmocka_unit_test(no_review_fails_while_it_drains),
        cmocka_unit_test(a_second_signal_ends_at_once),
        cmocka_unit_test(an_interrupt_waits_for_no_one),
        cmocka_unit_test(sighup_reads_the_certificates_again),
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(a_check_starts_nothing),
        cmocka_unit_test(help_fits_a_terminal),
        cmocka_unit_test(every_address_form_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
