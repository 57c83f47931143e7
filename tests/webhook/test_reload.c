/* Certificates that change under a running server, and clients that must show one. */
#include "check.h"

#include "fixture.h"
#include "test_handler.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REVIEW                                                                                               \
    "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\nabcd"

/* For key agreement only (until 2126), so its key may sign no handshake. */
#define SILENT_CERTIFICATE                                                                                   \
    "-----BEGIN CERTIFICATE-----\n"                                                                          \
    "MIIBiDCCAS+gAwIBAgIUDCPUzFr0JbsI8P9eLyb4SKZ8ZhkwCgYIKoZIzj0EAwIw\n"                                     \
    "FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTEyMzgzNVoYDzIxMjYxMDI4\n"                                     \
    "MTIzODM1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO\n"                                     \
    "PQMBBwNCAARsG9CBG9aJO2NL2gm/xT3MaldZBk55iWfwufOsqqvZLbzo+m0h6qNL\n"                                     \
    "K+eBWPxLRR6rLp/wD5XK7Zh8kRnllBiTo10wWzAdBgNVHQ4EFgQUDp02UIJ8+G95\n"                                     \
    "7Jw2DaWbAf9CtsgwHwYDVR0jBBgwFoAUDp02UIJ8+G957Jw2DaWbAf9CtsgwDgYD\n"                                     \
    "VR0PAQH/BAQDAgMIMAkGA1UdEwQCMAAwCgYIKoZIzj0EAwIDRwAwRAIgcgXor00P\n"                                     \
    "sFTYWHxWACD6ebnkb1cdBjitpfODE6r+zLwCIE/eL42XKPxWVKtRvxJAbjkk1Pmq\n"                                     \
    "4wQ2OuqSO3L3TWV9\n"                                                                                     \
    "-----END CERTIFICATE-----\n"
#define SILENT_KEY                                                                                           \
    "-----BEGIN PRIVATE KEY-----\n"                                                                          \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQghOUcbPh1baJPN9lj\n"                                     \
    "DHAAC/mHM1W1jgfAoJdoJW7NW0+hRANCAARsG9CBG9aJO2NL2gm/xT3MaldZBk55\n"                                     \
    "iWfwufOsqqvZLbzo+m0h6qNLK+eBWPxLRR6rLp/wD5XK7Zh8kRnllBiT\n"                                             \
    "-----END PRIVATE KEY-----\n"

static const char *fingerprint_of(struct fixture *f, slice certificate)
{
    struct certificate_info info;
    struct error error = {0};
    assert_true(certificate_read(f->arena, certificate, &info, &error));
    return info.fingerprint.p;
}

static const char *served(struct fixture *f)
{
    static char fingerprint[65];
    struct peer p;
    assert_true(peer_open(&p, f->port, NULL));
    memcpy(fingerprint, p.fingerprint, sizeof fingerprint);
    assert_true(peer_send(&p, LIT(REVIEW)));
    assert_int_equal(peer_reply(&p).status, 200);
    peer_close(&p);
    return fingerprint;
}

static void use_files(struct fixture *f)
{
    fixture_new(f);
    f->options.cert_pem = f->options.key_pem = (slice){0};
    fixture_write(f, "tls.crt", f->pair.certificate);
    fixture_write(f, "tls.key", f->pair.key);
    f->options.cert_file = fixture_path(f, "tls.crt");
    f->options.key_file = fixture_path(f, "tls.key");
}

static double reloads(struct fixture *f, const char *result)
{
    char sample[128];
    snprintf(sample, sizeof sample, "brgate_webhook_certificate_reloads_total{result=\"%s\"}", result);
    return fixture_metric(f, sample);
}

static void a_good_pair_takes_over_without_a_dropped_connection(void **state)
{
    (void)state;
    struct fixture f;
    struct peer old;
    use_files(&f);
    fixture_start(&f);
    assert_string_equal(served(&f), fingerprint_of(&f, f.pair.certificate));
    assert_true(peer_open(&old, f.port, NULL));
    server_reload(f.server, false); /* nothing has changed */
    assert_true(reloads(&f, "success") == 0);

    struct certificate_pair fresh = fixture_pair(&f);
    fixture_write(&f, "tls.crt", fresh.certificate);
    fixture_write(&f, "tls.key", fresh.key);
    server_reload(f.server, false);
    assert_string_equal(served(&f), fingerprint_of(&f, fresh.certificate));
    assert_true(peer_send(&old, LIT(REVIEW)));
    assert_int_equal(peer_reply(&old).status, 200);
    assert_true(reloads(&f, "success") == 1);
    char sample[160];
    snprintf(sample, sizeof sample, "brgate_webhook_certificate_info{sha256=\"%s\"}",
             fingerprint_of(&f, fresh.certificate));
    assert_true(fixture_metric(&f, sample) == 1);
    struct certificate_info info;
    struct error error = {0};
    assert_true(certificate_read(f.arena, fresh.certificate, &info, &error));
    assert_true(fixture_metric(&f, "brgate_webhook_certificate_expiry_timestamp_seconds") ==
                (double)info.not_after);
    peer_close(&old);
    fixture_end(&f);
}

static struct certificate_pair pair_of(struct fixture *f, int64_t from_now, int64_t until_now)
{
    int64_t now = time(NULL);
    slice name = LIT("localhost");
    struct error error;
    struct certificate_request request = {CERTIFICATE_SERVER, name,           &name, 1,
                                          now + from_now,     now + until_now};
    struct certificate_pair pair;
    assert_true(certificate_make(f->arena, &request, NULL, &pair, &error));
    return pair;
}

static void a_bad_pair_leaves_the_old_one(void **state)
{
    (void)state;
    struct fixture f;
    use_files(&f);
    struct certificate_pair one = fixture_pair(&f), two = fixture_pair(&f), expired = pair_of(&f, -200, -100),
                            early = pair_of(&f, 3600, 7200),
                            foreign = fixture_issue(&f, CERTIFICATE_SERVER, "other", NULL);
    f.options.tls_name = "localhost";
    const struct {
        const char *label;
        slice certificate, key;
        const char *log;
    } rows[] = {
        {"key of another certificate", one.certificate, two.key, "the key does not match the certificate"},
        {"no certificate", LIT("hello"), one.key, "CERTIFICATE----"},
        {"cut off", slice_cut(one.certificate, 0, 300), one.key, "a damaged certificate"},
        {"no key", one.certificate, LIT(""), "empty, not a private key"},
        {"of no use for a handshake", LIT(SILENT_CERTIFICATE), LIT(SILENT_KEY),
         "no client could complete a handshake with it"},
        {"expired", expired.certificate, expired.key, "the new pair: the certificate has expired"},
        {"for another name", foreign.certificate, foreign.key,
         "the new pair: the certificate is not for the name that --tls-name gives"},
        {"not valid yet", early.certificate, early.key, "the new pair: the certificate is not valid yet"},
    };
    fixture_start(&f);
    size_t count = COUNT(rows);
    for (size_t i = 0; i < count; i++) {
        fixture_write(&f, "tls.crt", rows[i].certificate);
        fixture_write(&f, "tls.key", rows[i].key);
        server_reload(f.server, false);
        server_reload(f.server, false); /* the same fault is reported once */
        assert_row(rows[i].label, strcmp(served(&f), fingerprint_of(&f, f.pair.certificate)) == 0);
        assert_row(rows[i].label, reloads(&f, "failure") == (double)i + 1);
        assert_row(rows[i].label, fixture_metric(&f, "brgate_webhook_certificate_matches_file") == 0);
    }
    assert_int_equal(unlink(f.options.key_file), 0);
    server_reload(f.server, false);
    server_reload(f.server, false);
    assert_true(reloads(&f, "failure") == (double)count + 1);
    assert_int_equal(fixture_health(&f, "/readyz"), 200);

    fixture_write(&f, "tls.crt", two.certificate);
    fixture_write(&f, "tls.key", two.key);
    server_reload(f.server, false);
    assert_string_equal(served(&f), fingerprint_of(&f, two.certificate));
    assert_true(fixture_metric(&f, "brgate_webhook_certificate_matches_file") == 1);
    server_stop(f.server);
    f.server = NULL;
    const char *log = fixture_log(&f);
    for (size_t i = 0; i < count; i++)
        assert_row(rows[i].label, strstr(log, rows[i].log) != NULL);
    assert_non_null(strstr(log, "No such file or directory; the old certificate stays in use"));
    fixture_end(&f);
}

static bool is_ready_after_a_look(struct fixture *f)
{
    server_reload(f->server, false);
    bool ready = fixture_health(f, "/readyz") == 200;
    assert_true(fixture_metric(f, "brgate_webhook_certificate_valid") == ready);
    return ready;
}

static size_t occurrences(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, part)); at++)
        n++;
    return n;
}

static void a_certificate_that_expires_is_told_and_ends_readiness(void **state)
{
    (void)state;
    struct fixture f;
    use_files(&f);
    struct certificate_pair brief = pair_of(&f, -10, 2);
    fixture_write(&f, "tls.crt", brief.certificate);
    fixture_write(&f, "tls.key", brief.key);
    fixture_start(&f);
    assert_true(is_ready_after_a_look(&f));
    bool ready = true;
    for (int i = 0; i < PATIENCE_S * 10 && ready; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        ready = is_ready_after_a_look(&f);
    }
    assert_false(ready);
    assert_false(is_ready_after_a_look(&f));
    fixture_write(&f, "tls.crt", f.pair.certificate);
    fixture_write(&f, "tls.key", f.pair.key);
    assert_true(is_ready_after_a_look(&f));
    server_stop(f.server);
    f.server = NULL;
    const char *log = fixture_log(&f);
    assert_int_equal(occurrences(log, "\"level\":\"error\""), 1);
    assert_non_null(strstr(log, "the certificate has expired: not ready"));
    fixture_end(&f);
}

static void a_server_that_starts_with_what_no_client_accepts_is_not_ready(void **state)
{
    (void)state;
    static const struct {
        int64_t from, until;
        const char *tls_name, *why;
    } rows[] = {
        {-200, -100, "localhost", "the certificate has expired"},
        {3600, 7200, "localhost", "the certificate is not valid yet"},
        {-100, 3600, "other", "the certificate is not for the name that --tls-name gives"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        use_files(&f);
        struct certificate_pair pair = pair_of(&f, rows[i].from, rows[i].until);
        f.options.tls_name = rows[i].tls_name;
        fixture_write(&f, "tls.crt", pair.certificate);
        fixture_write(&f, "tls.key", pair.key);
        fixture_start(&f);
        assert_false(is_ready_after_a_look(&f));
        server_stop(f.server);
        f.server = NULL;
        assert_row(rows[i].why, strstr(fixture_log(&f), rows[i].why) != NULL);
        fixture_end(&f);
    }
}

static void an_early_pair_is_taken_when_its_time_comes(void **state)
{
    (void)state;
    struct fixture f;
    use_files(&f);
    struct certificate_pair early = pair_of(&f, 2, 7200);
    fixture_start(&f);
    fixture_write(&f, "tls.crt", early.certificate);
    fixture_write(&f, "tls.key", early.key);
    server_reload(f.server, false);
    for (int i = 0; i < PATIENCE_S * 10 && reloads(&f, "success") == 0; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        server_reload(f.server, false);
    }
    assert_string_equal(served(&f), fingerprint_of(&f, early.certificate));
    assert_true(reloads(&f, "failure") <= 1); /* once, however often it was looked at */
    fixture_end(&f);
}

enum { DIALERS = 3, DIALS = 40, RELOADS = 60 };

struct dialer {
    pthread_t thread;
    unsigned port;
    size_t answered;
};

static void *dial_again(void *context)
{
    struct dialer *d = context;
    for (size_t i = 0; i < DIALS; i++)
        d->answered += peer_ask(d->port, NULL, LIT(REVIEW)).status == 200;
    return NULL;
}

static void handshakes_go_on_while_pairs_change(void **state)
{
    (void)state;
    struct fixture f;
    struct dialer dialers[DIALERS] = {0};
    use_files(&f);
    struct certificate_pair pairs[] = {f.pair, fixture_pair(&f)};
    fixture_start(&f);
    for (size_t i = 0; i < DIALERS; i++) {
        dialers[i].port = f.port;
        assert_int_equal(pthread_create(&dialers[i].thread, NULL, dial_again, &dialers[i]), 0);
    }
    for (size_t i = 1; i <= RELOADS; i++) {
        fixture_write(&f, "tls.crt", pairs[i % 2].certificate);
        fixture_write(&f, "tls.key", pairs[i % 2].key);
        server_reload(f.server, false);
    }
    for (size_t i = 0; i < DIALERS; i++) {
        pthread_join(dialers[i].thread, NULL);
        assert_int_equal(dialers[i].answered, DIALS);
    }
    assert_true(reloads(&f, "success") == RELOADS);
    fixture_end(&f);
}

/* As the kubelet does it: the files are links through `..data`, which is replaced as a whole. */
static void a_swapped_secret_volume_is_seen(void **state)
{
    (void)state;
    struct fixture f;
    use_files(&f);
    struct certificate_pair fresh = fixture_pair(&f);
    char script[1024];
    const char *d = f.directory;
    snprintf(script, sizeof script,
             "cd %s && mkdir ..one ..two && mv tls.crt tls.key ..one && ln -s ..one ..data && "
             "ln -s ..data/tls.crt tls.crt && ln -s ..data/tls.key tls.key",
             d);
    assert_int_equal(system(script), 0);
    fixture_write(&f, "..two/tls.crt", fresh.certificate);
    fixture_write(&f, "..two/tls.key", fresh.key);
    fixture_start(&f);
    assert_string_equal(served(&f), fingerprint_of(&f, f.pair.certificate));
    snprintf(script, sizeof script, "cd %s && ln -s ..two ..tmp && mv -T ..tmp ..data && rm -r ..one", d);
    assert_int_equal(system(script), 0);
    server_reload(f.server, false);
    assert_string_equal(served(&f), fingerprint_of(&f, fresh.certificate));
    fixture_end(&f);
}

/* A script that is run once, before a key is opened: this open() takes the place of libc's in the whole program. */
static const char *before_key;

int open(const char *path, int flags, ...)
{
    const char *script = slice_ends(slice_of(path), LIT("/tls.key")) ? before_key : NULL;
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    if (script) {
        before_key = NULL;
        assert_int_equal(system(script), 0);
    }
    return openat(AT_FDCWD, path, flags, mode);
}

/* The old certificate has been read when the volume is replaced, and the new key follows. */
static void a_volume_swapped_between_two_reads_is_no_failure(void **state)
{
    (void)state;
    struct fixture f;
    use_files(&f);
    struct certificate_pair old = fixture_pair(&f), fresh = fixture_pair(&f);
    char script[1024];
    fixture_start(&f);
    snprintf(script, sizeof script,
             "cd %s && rm tls.crt tls.key && mkdir ..one ..two && ln -s ..one ..data && "
             "ln -s ..data/tls.crt tls.crt && ln -s ..data/tls.key tls.key",
             f.directory);
    assert_int_equal(system(script), 0);
    fixture_write(&f, "..one/tls.crt", old.certificate);
    fixture_write(&f, "..one/tls.key", old.key);
    fixture_write(&f, "..two/tls.crt", fresh.certificate);
    fixture_write(&f, "..two/tls.key", fresh.key);
    snprintf(script, sizeof script, "cd %s && ln -s ..two ..tmp && mv -T ..tmp ..data", f.directory);
    before_key = script;
    server_reload(f.server, false);
    assert_null(before_key);
    assert_string_equal(served(&f), fingerprint_of(&f, fresh.certificate));
    assert_true(reloads(&f, "failure") == 0 && reloads(&f, "success") == 1);
    fixture_end(&f);
}

static void clients_must_show_a_certificate(void **state)
{
    (void)state;
    static const char *const names[] = {"kube-apiserver"};
    struct fixture f;
    use_files(&f);
    struct certificate_pair ca = fixture_issue(&f, CERTIFICATE_CA, "client CA", NULL);
    struct certificate_pair next_ca = fixture_issue(&f, CERTIFICATE_CA, "client CA", NULL);
    struct certificate_pair good = fixture_issue(&f, CERTIFICATE_CLIENT, "kube-apiserver", &ca);
    struct certificate_pair other = fixture_issue(&f, CERTIFICATE_CLIENT, "somebody", &ca);
    struct certificate_pair stranger = fixture_issue(&f, CERTIFICATE_CLIENT, "kube-apiserver", &next_ca);
    struct certificate_pair server = fixture_issue(&f, CERTIFICATE_SERVER, "kube-apiserver", &ca);
    struct certificate_pair own = fixture_issue(&f, CERTIFICATE_CLIENT, "kube-apiserver", NULL);
    fixture_write(&f, "ca.crt", ca.certificate);
    f.options.client_ca_file = fixture_path(&f, "ca.crt");
    f.options.client_names = names;
    f.options.client_name_count = 1;
    fixture_start(&f);
    const struct {
        const char *label;
        struct certificate_pair pair;
        int before, after; /* the CA is replaced */
    } rows[] = {
        {"none", {{0}, {0}}, 0, 0},
        {"good", good, 200, 0},
        {"other name", other, 0, 0},
        {"other CA", stranger, 0, 200},
        {"a server's certificate", server, 0, 0},
        {"self-signed", own, 0, 0},
    };
    for (int after = 0; after < 2; after++) {
        for (size_t i = 0; i < COUNT(rows); i++)
            for (int old = 0; old < 2; old++) {
                struct peer_options o = {.certificate = rows[i].pair.certificate,
                                         .key = rows[i].pair.key,
                                         .priority = old ? "NORMAL:-VERS-TLS1.3" : NULL};
                struct reply r = peer_ask(f.port, &o, LIT(REVIEW));
                assert_row(rows[i].label, r.status == (after ? rows[i].after : rows[i].before));
            }
        fixture_write(&f, "ca.crt", next_ca.certificate);
        server_reload(f.server, false);
    }
    assert_int_equal(fixture_health(&f, "/readyz"), 200); /* probes need no certificate */
    fixture_write(&f, "ca.crt", LIT("nothing"));
    server_reload(f.server, false);
    struct peer_options o = {.certificate = stranger.certificate, .key = stranger.key};
    assert_int_equal(peer_ask(f.port, &o, LIT(REVIEW)).status, 200);
    fixture_end(&f);
}

static void any_client_of_the_ca_may_come_without_names(void **state)
{
    (void)state;
    struct fixture f;
    use_files(&f);
    struct certificate_pair ca = fixture_issue(&f, CERTIFICATE_CA, "client CA", NULL);
    struct certificate_pair client = fixture_issue(&f, CERTIFICATE_CLIENT, "whoever", &ca);
    fixture_write(&f, "ca.crt", ca.certificate);
    f.options.client_ca_file = fixture_path(&f, "ca.crt");
    fixture_start(&f);
    struct peer_options o = {.certificate = client.certificate, .key = client.key};
    assert_int_equal(peer_ask(f.port, &o, LIT(REVIEW)).status, 200);
    assert_int_equal(peer_ask(f.port, NULL, LIT(REVIEW)).status, 0);
    fixture_end(&f);
}

static void stopped(void *context)
{
    (*(unsigned *)context)++;
}

static void one_sample(void *context, struct buf *b)
{
    (void)context;
    buf_put(b, LIT("brgate_companion 1\n"));
}

static void a_companion_brings_the_certificate(void **state)
{
    (void)state;
    struct fixture f;
    struct peer p;
    unsigned stops = 0;
    struct error error = {0};
    struct server_addon companion = {&stops, stopped, one_sample};
    fixture_new(&f);
    f.options.cert_pem = f.options.key_pem = (slice){0};
    f.options.companion = &companion;
    fixture_start(&f);
    /* Without one there is no handshake, and no readiness; checking files that are not there does no harm. */
    assert_false(peer_open(&p, f.port, NULL));
    assert_int_equal(fixture_health(&f, "/readyz"), 503);
    assert_int_equal(fixture_health(&f, "/livez"), 200);
    server_reload(f.server, true);
    assert_true(fixture_metric(&f, "brgate_companion") == 1);
    /* A pair that does not fit is refused, one that fits is served; the companion decides readiness. */
    struct certificate_pair other = fixture_pair(&f);
    assert_false(server_certify(f.server, f.pair.certificate, other.key, &error));
    assert_non_null(strstr(error.text, "does not match"));
    assert_true(server_certify(f.server, f.pair.certificate, f.pair.key, &error));
    assert_string_equal(served(&f), fingerprint_of(&f, f.pair.certificate));
    assert_int_equal(fixture_health(&f, "/readyz"), 503);
    server_set_unready(f.server, NULL);
    assert_int_equal(fixture_health(&f, "/readyz"), 200);
    assert_false(server_certify(f.server, other.certificate, f.pair.key, &error));
    assert_string_equal(served(&f), fingerprint_of(&f, f.pair.certificate));
    assert_true(server_certify(f.server, other.certificate, other.key, &error));
    assert_string_equal(served(&f), fingerprint_of(&f, other.certificate));
    server_reload(f.server, true);
    assert_string_equal(served(&f), fingerprint_of(&f, other.certificate));
    fixture_end(&f);
    assert_true(stops > 0);
}

static void a_bad_policy_is_told(void **state)
{
    (void)state;
    static const struct {
        int finds;
        bool forced;
        double done, failed, matches;
    } rows[] = {{0, false, 0, 0, 1}, {1, false, 1, 0, 1}, {-1, false, 1, 1, 0},
                {0, false, 1, 1, 0}, {-1, true, 1, 2, 0}, {2, false, 2, 2, 1}};
    struct fixture f;
    fixture_new(&f);
    fixture_start(&f);
    for (size_t i = 0; i < COUNT(rows); i++) {
        test_policy = rows[i].finds;
        server_reload(f.server, rows[i].forced);
        assert_true(fixture_metric(&f, "brgate_webhook_policy_reloads_total{result=\"success\"}") ==
                    rows[i].done);
        assert_true(fixture_metric(&f, "brgate_webhook_policy_reloads_total{result=\"failure\"}") ==
                    rows[i].failed);
        assert_true(fixture_metric(&f, "brgate_webhook_policy_matches_file") == rows[i].matches);
    }
    test_policy = 0;
    server_stop(f.server);
    f.server = NULL;
    const char *log = fixture_log(&f);
    assert_non_null(strstr(log, "\"info\",\"event\":\"policy\",\"message\":\"now applying the policy file "
                                "5e1f, enforcement deny\""));
    assert_non_null(strstr(log, "\"policy -1; the old policy stays in effect\""));
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_pair_takes_over_without_a_dropped_connection),
        cmocka_unit_test(a_companion_brings_the_certificate),
        cmocka_unit_test(a_bad_pair_leaves_the_old_one),
        cmocka_unit_test(a_certificate_that_expires_is_told_and_ends_readiness),
        cmocka_unit_test(a_server_that_starts_with_what_no_client_accepts_is_not_ready),
        cmocka_unit_test(an_early_pair_is_taken_when_its_time_comes),
        cmocka_unit_test(handshakes_go_on_while_pairs_change),
        cmocka_unit_test(a_swapped_secret_volume_is_seen),
        cmocka_unit_test(a_volume_swapped_between_two_reads_is_no_failure),
        cmocka_unit_test(clients_must_show_a_certificate),
        cmocka_unit_test(any_client_of_the_ca_may_come_without_names),
        cmocka_unit_test(a_bad_policy_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
