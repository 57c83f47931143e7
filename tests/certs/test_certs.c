/* Certificates: what is made is what was asked for, and two libraries agree on who would believe it. */
#include "check.h"

#include "certificate.h"
#include "issue.h"

#include <gnutls/x509.h>
#include <string.h>

enum { DAY = 86400 };
static const int64_t begin = 1750000000; /* 2025-06-15 */

static struct certificate_pair make(struct arena *a, enum certificate_use use, slice common_name,
                                    const slice *names, size_t count, int64_t until,
                                    const struct certificate_pair *issuer)
{
    struct certificate_request request = {use, common_name, names, count, begin, until};
    struct certificate_pair pair = {0};
    struct error error = {0};
    bool made = certificate_make(a, &request, issuer, &pair, &error);
    assert_slice("error", slice_of(error.text), (slice){0});
    assert_true(made);
    return pair;
}

static void what_is_made_is_what_was_asked_for(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    const slice names[] = {LIT("hook.ns.svc"), LIT("hook.ns.svc.cluster.local"), LIT("10.0.0.1"),
                           LIT("2001:db8::1")};
    struct certificate_pair ca = make(a, CERTIFICATE_CA, LIT("the CA"), NULL, 0, begin + 100 * DAY, NULL);
    struct certificate_pair leaf =
        make(a, CERTIFICATE_SERVER, LIT("hook.ns.svc"), names, 4, begin + 30 * DAY, &ca);
    struct certificate_info of_ca, of_leaf, again;
    struct error error = {0};
    assert_true(certificate_read(a, ca.certificate, &of_ca, &error));
    assert_true(certificate_read(a, leaf.certificate, &of_leaf, &error));
    assert_true(of_ca.ca);
    assert_false(of_leaf.ca);
    assert_slice("CA subject", of_ca.subject, LIT("CN=the CA"));
    assert_slice("CA issuer", of_ca.issuer, LIT("CN=the CA"));
    assert_slice("subject", of_leaf.subject, LIT("CN=hook.ns.svc"));
    assert_slice("issuer", of_leaf.issuer, LIT("CN=the CA"));
    assert_int_equal(of_leaf.name_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_slice("name", of_leaf.names[i], names[i]);
    assert_int_equal(of_leaf.not_before, begin);
    assert_int_equal(of_leaf.not_after, begin + 30 * DAY);
    assert_int_equal(of_leaf.fingerprint.n, 64);
    assert_int_equal(of_leaf.serial.n, 32);
    assert_int_equal(certificate_renewal_time(&of_leaf), begin + 20 * DAY);
    /* A second one of the same names is another certificate. */
    leaf = make(a, CERTIFICATE_SERVER, LIT("hook.ns.svc"), names, 4, begin + 30 * DAY, &ca);
    assert_true(certificate_read(a, leaf.certificate, &again, &error));
    assert_false(slice_eq(again.serial, of_leaf.serial));
    assert_false(slice_eq(again.fingerprint, of_leaf.fingerprint));
    arena_free(a);
}

static void names_are_shown_without_what_a_terminal_obeys(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    const slice name = LIT("a\n    vouches\x1b[2J\xc2\x9b");
    struct certificate_pair pair =
        make(a, CERTIFICATE_SERVER, LIT("a\nb\xc2\x9b"), &name, 1, begin + DAY, NULL);
    struct certificate_info info;
    struct error error = {0};
    assert_true(certificate_read(a, pair.certificate, &info, &error));
    assert_slice("name", info.names[0], LIT("a?????vouches?[2J??"));
    assert_slice("subject", info.subject, LIT("CN=a\\0Ab\\C2\\9B"));
    arena_free(a);
}

static void a_leaf_ends_with_its_issuer(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    struct certificate_pair ca = make(a, CERTIFICATE_CA, LIT("CA"), NULL, 0, begin + 10 * DAY, NULL);
    struct certificate_pair leaf = make(a, CERTIFICATE_SERVER, LIT("x"), NULL, 0, begin + 30 * DAY, &ca);
    struct certificate_info info;
    struct error error = {0};
    assert_true(certificate_read(a, leaf.certificate, &info, &error));
    assert_int_equal(info.not_after, begin + 10 * DAY);
    arena_free(a);
}

static void names_that_nobody_can_ask_for_are_refused(void **state)
{
    (void)state;
    static const slice good[] = {SLICE("localhost"), SLICE("Gate.example.com"), SLICE("*.ns.svc"),
                                 SLICE("10.0.0.1"),  SLICE("2001:db8::1"),      SLICE("1a.b-c")};
    static const slice bad[] = {SLICE(""),         SLICE("x y"),  SLICE("a..b"), SLICE(".a"),
                                SLICE("a."),       SLICE("-a"),   SLICE("a-.b"), SLICE("a.*"),
                                SLICE("a/b"),      SLICE("a:80"), SLICE("a_b"),  SLICE("10.0.0.1\0.evil"),
                                SLICE("https://a")};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_row(good[i].p, certificate_name(good[i], NULL));
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct refusal why = {0};
        assert_row(bad[i].p, !certificate_name(bad[i], &why) && why.why[0]);
    }
    char text[255];
    memset(text, 'a', sizeof text);
    assert_false(certificate_name((slice){text, 64}, NULL));
    for (size_t i = 50; i < sizeof text; i += 50)
        text[i] = '.';
    assert_true(certificate_name((slice){text, 253}, NULL));
    assert_false(certificate_name((slice){text, 254}, NULL));
}

static void impossible_requests_are_refused(void **state)
{
    (void)state;
    static const slice spaced[] = {SLICE("a\0b")}, none[] = {SLICE("")};
    static const struct {
        const char *label;
        struct certificate_request request;
        const char *error;
    } rows[] = {
        {"no name", {CERTIFICATE_CA, {0}, NULL, 0, 0, 1}, "the common name must have 1 to 64 bytes"},
        {"reversed", {CERTIFICATE_CA, SLICE("x"), NULL, 0, 2, 1}, "the validity ends before it begins"},
        {"NUL in a name",
         {CERTIFICATE_SERVER, SLICE("x"), spaced, 1, 0, 1},
         "the certificate cannot be made"},
        {"empty name", {CERTIFICATE_SERVER, SLICE("x"), none, 1, 0, 1}, "the certificate cannot be made"},
    };
    struct arena *a = arena_new(1 << 20);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct certificate_pair pair;
        struct error error = {0};
        assert_row(rows[i].label, !certificate_make(a, &rows[i].request, NULL, &pair, &error));
        assert_slice(rows[i].label, slice_of(error.text), slice_of(rows[i].error));
    }
    arena_free(a);
}

static void keys_and_certificates_belong_together(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    struct certificate_pair one = make(a, CERTIFICATE_SERVER, LIT("one"), NULL, 0, begin + DAY, NULL);
    struct certificate_pair two = make(a, CERTIFICATE_SERVER, LIT("two"), NULL, 0, begin + DAY, NULL);
    struct {
        const char *label;
        slice certificate, key;
        const char *error;
    } rows[] = {
        {"own key", one.certificate, one.key, NULL},
        {"other key", one.certificate, two.key, "the key does not match the certificate"},
        {"swapped", one.key, one.certificate, "a private key, not a certificate"},
        {"no key", one.certificate, LIT("hello"), "no \"-----BEGIN PRIVATE KEY-----\" in it"},
        {"empty", {0}, {0}, "empty, not a certificate"},
        {"cut off", slice_cut(one.certificate, 0, 200), one.key, "a damaged certificate: bad end line"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error error = {0};
        bool matches = certificate_key_matches(rows[i].certificate, rows[i].key, &error);
        assert_row(rows[i].label, matches == !rows[i].error);
        assert_slice(rows[i].label, slice_of(error.text), slice_of(rows[i].error));
    }
    arena_free(a);
}

/* GnuTLS's answer to the same question; the server uses GnuTLS. */
static bool gnutls_believes(slice chain, slice ca, const char *host, int64_t now)
{
    gnutls_datum_t chain_text = {(unsigned char *)(uintptr_t)chain.p, (unsigned)chain.n};
    gnutls_datum_t ca_text = {(unsigned char *)(uintptr_t)ca.p, (unsigned)ca.n};
    gnutls_x509_trust_list_t list;
    gnutls_x509_crt_t *certificates;
    unsigned count, status = ~0U;
    gnutls_x509_trust_list_init(&list, 0);
    gnutls_x509_trust_list_add_trust_mem(list, &ca_text, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
    assert_int_equal(gnutls_x509_crt_list_import2(&certificates, &count, &chain_text, GNUTLS_X509_FMT_PEM, 0),
                     0);
    /* GnuTLS checks validity against its own clock, so that is looked at here. */
    gnutls_typed_vdata_st data[] = {
        {GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_SERVER, 0}};
    gnutls_x509_trust_list_verify_crt2(
        list, certificates, count, data, 1,
        GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS, &status, NULL);
    bool believed = status == 0 && gnutls_x509_crt_check_hostname(certificates[0], host) &&
                    gnutls_x509_crt_get_activation_time(certificates[0]) <= now &&
                    now <= gnutls_x509_crt_get_expiration_time(certificates[0]);
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(certificates[i]);
    gnutls_free(certificates);
    gnutls_x509_trust_list_deinit(list, 1);
    return believed;
}

static void names_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *service, *namespace, *name, *error; /* NULL: none */
    } rows[] = {
        {"hook", "team", "gate.example.com", NULL},
        {"hook", "team", "*.example.com", NULL},
        {"hook", "team", "10.0.0.1", NULL},
        {"hook", "team", "fd00::1", NULL},
        {"S_S", "team", "a", "the Service S_S: "},
        {"hook", "A B", "a", "the namespace A B: "},
        {"hook", "", "a", NULL},
        {"hook", "team", "x y", "the name x y: "},
        {"hook", "team", "https://x", "the name https://x: "},
        {"hook", "team", "*", "the name *: "},
        {"hook", "team", "10.0.0.1/8", "the name 10.0.0.1/8: "},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error error = {0};
        slice name = slice_of(rows[i].name);
        struct issue_request request = {.service = slice_of(rows[i].service),
                                        .namespace = slice_of(rows[i].namespace),
                                        .more_names = &name,
                                        .more_count = 1,
                                        .life = ISSUE_LIFE};
        bool valid = issue_check(&request, &error);
        slice wanted = slice_of(rows[i].error ? rows[i].error : "");
        assert_row(rows[i].name, valid == !wanted.n && slice_starts(slice_of(error.text), wanted));
    }
}

static void chains_are_believed_by_both(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    static const slice names[] = {SLICE("hook.ns.svc"), SLICE("127.0.0.1")};
    struct certificate_pair ca = make(a, CERTIFICATE_CA, LIT("CA"), NULL, 0, begin + 100 * DAY, NULL);
    struct certificate_pair stranger = make(a, CERTIFICATE_CA, LIT("CA"), NULL, 0, begin + 100 * DAY, NULL);
    struct certificate_pair leaf =
        make(a, CERTIFICATE_SERVER, LIT("common.ns.svc"), names, 2, begin + 30 * DAY, &ca);
    struct certificate_pair client =
        make(a, CERTIFICATE_CLIENT, LIT("client"), names, 1, begin + 30 * DAY, &ca);
    char both_text[4096];
    slice both = {both_text, (size_t)snprintf(both_text, sizeof both_text, "%.*s%.*s",
                                              FMT(stranger.certificate), FMT(ca.certificate))};
    struct {
        const char *label;
        slice chain, ca, host;
        int64_t now;
        const char *error;
    } rows[] = {
        {"good", leaf.certificate, ca.certificate, LIT("hook.ns.svc"), begin + DAY, NULL},
        {"address", leaf.certificate, ca.certificate, LIT("127.0.0.1"), begin + DAY, NULL},
        {"two CAs in the bundle", leaf.certificate, both, LIT("hook.ns.svc"), begin + DAY, NULL},
        {"a second left", leaf.certificate, ca.certificate, LIT("hook.ns.svc"), begin + 30 * DAY - 1, NULL},
        {"expired", leaf.certificate, ca.certificate, LIT("hook.ns.svc"), begin + 31 * DAY,
         "certificate has expired"},
        {"not yet valid", leaf.certificate, ca.certificate, LIT("hook.ns.svc"), begin - DAY,
         "certificate is not yet valid"},
        {"other host", leaf.certificate, ca.certificate, LIT("other.ns.svc"), begin + DAY,
         "hostname mismatch"},
        {"common name does not count", leaf.certificate, ca.certificate, LIT("common.ns.svc"), begin + DAY,
         "hostname mismatch"},
        {"other address", leaf.certificate, ca.certificate, LIT("127.0.0.2"), begin + DAY,
         "IP address mismatch"},
        {"other CA of the same name", leaf.certificate, stranger.certificate, LIT("hook.ns.svc"), begin + DAY,
         "unable to get local issuer certificate"},
        {"a client's certificate", client.certificate, ca.certificate, LIT("hook.ns.svc"), begin + DAY,
         "unsuitable certificate purpose"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error error = {0};
        bool valid = certificate_chain_valid(rows[i].chain, rows[i].ca, rows[i].host, rows[i].now, &error);
        assert_slice(rows[i].label, slice_of(error.text), slice_of(rows[i].error));
        assert_row(rows[i].label, valid == !rows[i].error);
        bool mismatch = rows[i].error && strstr(rows[i].error, "mismatch");
        assert_row(rows[i].label, certificate_is_for(rows[i].chain, rows[i].host) == !mismatch);
        assert_row(rows[i].label,
                   valid == gnutls_believes(rows[i].chain, rows[i].ca, rows[i].host.p, rows[i].now));
    }
    assert_false(certificate_is_for(LIT("x"), LIT("h")));
    struct error error = {0};
    assert_false(certificate_chain_valid(LIT("x"), ca.certificate, LIT("h"), begin, &error));
    assert_slice("chain", slice_of(error.text), LIT("the chain: no \"-----BEGIN CERTIFICATE-----\" in it"));
    assert_false(certificate_chain_valid(leaf.certificate, LIT(""), LIT("h"), begin, &error));
    assert_slice("bundle", slice_of(error.text), LIT("the CA bundle: empty, not a certificate"));
    arena_free(a);
}

static void a_full_arena_is_an_error(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    struct certificate_request request = {CERTIFICATE_CA, LIT("CA"), NULL, 0, begin, begin + DAY};
    struct certificate_pair pair = make(a, CERTIFICATE_CA, LIT("CA"), NULL, 0, begin + DAY, NULL);
    struct certificate_info info;
    struct error error = {0};
    for (uint64_t nth = 1; nth <= 2; nth++) {
        arena_fail_at(a, nth);
        assert_false(certificate_make(a, &request, NULL, &(struct certificate_pair){0}, &error));
    }
    arena_fail_at(a, 5); /* the list of names, without which there is no answer */
    assert_false(certificate_read(a, pair.certificate, &info, &error));
    arena_fail_at(a, 0);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_is_what_was_asked_for),
        cmocka_unit_test(names_are_shown_without_what_a_terminal_obeys),
        cmocka_unit_test(a_leaf_ends_with_its_issuer),
        cmocka_unit_test(names_that_nobody_can_ask_for_are_refused),
        cmocka_unit_test(impossible_requests_are_refused),
        cmocka_unit_test(keys_and_certificates_belong_together),
        cmocka_unit_test(chains_are_believed_by_both),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(a_full_arena_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
