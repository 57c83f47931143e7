/* The keeper against a small API server: step by step, two replicas, and whatever may be wrong with the
 * Secret. */
#include "check.h"

#include "keepers.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void the_first_makes_it_and_the_others_take_it(void **state)
{
    (void)state;
    struct setting *s = setting_new();
    struct keeper_result r = keeper_step(s->replicas[0].keeper);
    assert_int_equal(r.action, ROTATION_CREATE);
    assert_false(r.ready);
    assert_string_equal(s->replicas[0].why_not, "there is no certificate yet");
    slice made = fingerprint(s, stored(s, SECRET, "data./tls/crt"));
    settle(s);
    assert_slice("nobody replaces it", fingerprint(s, stored(s, SECRET, "data./tls/crt")), made);
    assert_all_serve_the_secret(s);
    assert_string_equal(api_text(s->api, SECRET, "type"), "kubernetes.io/tls");
    struct bundle cas = bundle_at(s, SECRET, "data./ca/crt");
    assert_int_equal(cas.count, 1);
    assert_bundles(s, &cas.entries[0].info.fingerprint, 1);
    assert_string_equal(api_text(s->api, VALIDATING, "webhooks[0].failurePolicy"), "Fail");
    /* From then on: one read of each at a look, and no writing. */
    unsigned gets = api_count(s->api, "GET"), all = api_count(s->api, "");
    r = keeper_step(s->replicas[0].keeper);
    assert_int_equal(r.action, ROTATION_REST);
    assert_true(r.ready && !r.failed && r.wait == 10000);
    assert_int_equal(api_count(s->api, "GET") - gets, 3);
    assert_int_equal(api_count(s->api, "") - all, 3);
    setting_free(s);
}

/* Both find nothing, both make one: the API server takes the first, the second reads the winner's. */
static void who_comes_second_takes_the_winners(void **state)
{
    (void)state;
    struct setting *s = setting_new();
    api_fail(s->api, "GET " SECRET, 404, NULL, 2);
    assert_int_equal(keeper_step(s->replicas[0].keeper).action, ROTATION_CREATE);
    slice made = fingerprint(s, stored(s, SECRET, "data./tls/crt"));
    struct keeper_result r = keeper_step(s->replicas[1].keeper);
    assert_int_equal(r.action, ROTATION_CREATE);
    assert_true(!r.failed && r.wait == 0);
    assert_int_equal(api_count(s->api, "POST"), 2);
    settle(s);
    assert_slice("the winner's", fingerprint(s, stored(s, SECRET, "data./tls/crt")), made);
    assert_all_serve_the_secret(s);
    assert_null(strstr(s->replicas[1].said, "TROUBLE"));
    setting_free(s);
}

static void old_and_new_overlap(void **state)
{
    (void)state;
    struct setting *s = setting_new();
    struct issue old = issued(s, 65); /* due since five days */
    secret_put(s, old.ca, old.leaf.certificate, old.leaf.key);
    struct keeper_result r = keeper_step(s->replicas[0].keeper);
    assert_int_equal(r.action, ROTATION_PUBLISH);
    assert_slice("served", slice_of(s->replicas[0].served), fingerprint(s, old.leaf.certificate));
    r = keeper_step(s->replicas[0].keeper);
    assert_int_equal(r.action, ROTATION_PREPARE);
    assert_true(r.ready);
    /* The next one waits in the Secret, and is not served. */
    slice next = fingerprint(s, stored(s, SECRET, "data./next/crt"));
    assert_slice("current", fingerprint(s, stored(s, SECRET, "data./tls/crt")),
                 fingerprint(s, old.leaf.certificate));
    r = keeper_step(s->replicas[1].keeper);
    assert_int_equal(r.action, ROTATION_PUBLISH);
    assert_slice("served", slice_of(s->replicas[1].served), fingerprint(s, old.leaf.certificate));
    r = keeper_step(s->replicas[1].keeper);
    assert_int_equal(r.action, ROTATION_SWITCH);
    assert_slice("current", fingerprint(s, stored(s, SECRET, "data./tls/crt")), next);
    settle(s);
    assert_all_serve_the_secret(s);
    struct bundle cas = bundle_at(s, SECRET, "data./ca/crt");
    assert_int_equal(cas.count, 2);
    const slice both[] = {cas.entries[0].info.fingerprint, cas.entries[1].info.fingerprint};
    assert_slice("the old CA stays until it expires", both[0], fingerprint(s, old.ca));
    assert_bundles(s, both, 2);
    assert_string_equal(api_text(s->api, SECRET, "data./next/crt"), "");
    assert_string_equal(api_text(s->api, SECRET, "data./next/key"), "");
    assert_string_equal(api_text(s->api, SECRET, "data.other"), "b3RoZXI=");
    assert_string_equal(api_text(s->api, SECRET, "metadata.labels.owner"), "them");
    setting_free(s);
}

static void outlived_cas_leave(void **state)
{
    (void)state;
    struct setting *s = setting_new();
    struct issue old = issued(s, 100), now = issued(s, 10), foreign = issued(s, 3);
    slice both = arena_fmt(s->arena, "%.*s%.*s", FMT(old.ca), FMT(now.ca));
    slice three = arena_fmt(s->arena, "%.*s%.*s", FMT(foreign.ca), FMT(both));
    secret_put(s, both, now.leaf.certificate, now.leaf.key);
    hooks_put(s, VALIDATING, encoded(s, three));
    settle(s);
    assert_all_serve_the_secret(s);
    assert_int_equal(bundle_at(s, SECRET, "data./ca/crt").count, 1);
    struct bundle b = bundle_at(s, VALIDATING, "webhooks[0].clientConfig.caBundle");
    assert_int_equal(b.count, 2); /* who put the other one there may take it away */
    assert_true(bundle_has(&b, fingerprint(s, foreign.ca)) && bundle_has(&b, fingerprint(s, now.ca)));
    setting_free(s);
}

static void what_is_of_no_use_is_replaced(void **state)
{
    (void)state;
    struct setting *s = setting_new();
    struct issue good = issued(s, 1), other = issued(s, 1), expired = issued(s, 91);
    const struct {
        const char *label, *why;
        slice cas, cert, key;
    } rows[] = {
        {"expired", "certificate has expired", expired.ca, expired.leaf.certificate, expired.leaf.key},
        {"another key", "does not match", good.ca, good.leaf.certificate, other.leaf.key},
        {"another CA", "unable to get", other.ca, good.leaf.certificate, good.leaf.key},
        {"no CA", "the CA bundle: empty", {0}, good.leaf.certificate, good.leaf.key},
        {"no key", "empty, not a private key", good.ca, good.leaf.certificate, {0}},
        {"nothing", "empty, not a certificate", {0}, {0}, {0}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        secret_put(s, rows[i].cas, rows[i].cert, rows[i].key);
        struct keeper_result r = keeper_step(s->replicas[0].keeper);
        if (r.action != ROTATION_REPLACE || !strstr(s->replicas[0].said, rows[i].why))
            print_error("%s\n", s->replicas[0].said);
        assert_row(rows[i].label, r.action == ROTATION_REPLACE);
        assert_row(rows[i].label, strstr(s->replicas[0].said, rows[i].why) != NULL);
        settle(s);
        assert_all_serve_the_secret(s);
        assert_string_equal(api_text(s->api, SECRET, "data.other"), "b3RoZXI=");
    }
    setting_free(s);
}

static void a_deleted_secret_is_made_anew(void **state)
{
    (void)state;
    struct setting *s = setting_new();
    settle(s);
    char before[65];
    memcpy(before, s->replicas[0].served, sizeof before);
    api_delete(s->api, SECRET);
    assert_int_equal(keeper_step(s->replicas[1].keeper).action, ROTATION_CREATE);
    /* The old one is served until the bundles hold the new CA. */
    assert_int_equal(keeper_step(s->replicas[0].keeper).action, ROTATION_PUBLISH);
    assert_string_equal(s->replicas[0].served, before);
    settle(s);
    assert_all_serve_the_secret(s);
    assert_string_not_equal(s->replicas[0].served, before);
    assert_int_equal(bundle_at(s, MUTATING, "webhooks[0].clientConfig.caBundle").count, 2);
    setting_free(s);
}

/* The Secret is deleted, and the bundles are overwritten while the old certificate is still served. */
static void a_repair_covers_what_is_served(void **state)
{
    (void)state;
    struct setting *s = setting_new();
    settle(s);
    slice old = bundle_at(s, SECRET, "data./ca/crt").entries[0].info.fingerprint;
    api_delete(s->api, SECRET);
    assert_int_equal(keeper_step(s->replicas[1].keeper).action, ROTATION_CREATE);
    hooks_put(s, VALIDATING, "");
    hooks_put(s, MUTATING, "");
    assert_int_equal(keeper_step(s->replicas[0].keeper).action, ROTATION_PUBLISH);
    const slice both[] = {old, bundle_at(s, SECRET, "data./ca/crt").entries[0].info.fingerprint};
    assert_bundles(s, both, 2);
    settle(s);
    assert_all_serve_the_secret(s);
    /* From then on no replica puts the old one back after it has been removed. */
    hooks_put(s, VALIDATING, "");
    hooks_put(s, MUTATING, "");
    settle(s);
    assert_bundles(s, both + 1, 1);
    setting_free(s);
}

static void bundles_that_are_taken_away_come_back(void **state)
{
    (void)state;
    struct setting *s = setting_new();
    settle(s);
    hooks_put(s, VALIDATING, "");
    assert_int_equal(keeper_step(s->replicas[0].keeper).action, ROTATION_PUBLISH);
    assert_string_equal(s->replicas[0].why_not, ""); /* nothing is won by leaving the Service as well */
    struct bundle cas = bundle_at(s, SECRET, "data./ca/crt");
    assert_bundles(s, &cas.entries[0].info.fingerprint, 1);
    setting_free(s);
}

static void one_configuration_is_enough_and_none_is_not(void **state)
{
    (void)state;
    struct setting *s = setting_new();
    api_delete(s->api, MUTATING);
    settle(s);
    assert_all_serve_the_secret(s);
    setting_free(s);
    s = setting_new();
    api_delete(s->api, MUTATING);
    api_delete(s->api, VALIDATING);
    settle(s);
    assert_string_equal(s->replicas[0].why_not,
                        "the webhook configurations do not trust the certificate yet");
    hooks_put(s, MUTATING, "");
    settle(s);
    assert_all_serve_the_secret(s);
    setting_free(s);
}

static void both_configurations_must_vouch(void **state)
{
    (void)state;
    struct setting *s = setting_new();
    struct replica *r = &s->replicas[0];
    api_fail(s->api, "PATCH " MUTATING, 403, NULL, 3);
    for (unsigned i = 0; i < 4; i++)
        keeper_step(r->keeper);
    assert_int_equal(bundle_at(s, VALIDATING, "webhooks[0].clientConfig.caBundle").count, 1);
    assert_string_equal(r->why_not, "the webhook configurations do not trust the certificate yet");
    assert_non_null(strstr(r->said, "the verb \"patch\" on \"mutatingwebhookconfigurations\""));
    settle(s);
    assert_all_serve_the_secret(s);
    setting_free(s);
}

static void trouble_is_told_once_and_when_it_is_over(void **state)
{
    (void)state;
    struct setting *s = setting_new();
    struct replica *r = &s->replicas[0];
    api_fail(s->api, "GET " VALIDATING, 403, NULL, 2);
    assert_int_equal(keeper_step(r->keeper).action, ROTATION_CREATE);
    struct keeper_result result = keeper_step(r->keeper);
    assert_true(result.failed && !result.ready && result.wait == 1000);
    assert_string_equal(r->why_not, "the webhook configurations cannot be read");
    const char *first = strstr(r->said, "TROUBLE ");
    assert_non_null(first);
    assert_null(strstr(first + 1, "TROUBLE "));
    assert_non_null(
        strstr(first, "a ClusterRole must grant the verb \"get\" on \"validatingwebhookconfigurations\" of "
                      "the API group \"admissionregistration.k8s.io\", resourceName \"brgate\""));
    settle(s);
    assert_non_null(strstr(r->said, "the certificate can be kept again"));
    assert_all_serve_the_secret(s);
    /* The certificate in use stays in use while the API server is away. */
    api_fail(s->api, "GET", 500, NULL, 3);
    assert_true(keeper_step(r->keeper).failed);
    assert_string_equal(r->why_not, "");
    setting_free(s);
}

static void the_api_server_is_left_alone_when_it_asks(void **state)
{
    (void)state;
    static const struct {
        const char *request, *header;
        unsigned wait;
    } rows[] = {
        {"GET " VALIDATING, "Retry-After: 60", 60000},
        {"POST", "Retry-After: 60", 60000},
        {"GET", "Retry-After: 86400", 300000}, /* but not forever */
        {"GET", NULL, 1000},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct setting *s = setting_new();
        api_fail(s->api, rows[i].request, 429, rows[i].header, 3);
        struct keeper_result r = keeper_step(s->replicas[0].keeper);
        if (r.wait != rows[i].wait)
            print_error("got %u, want %u\n", r.wait, rows[i].wait);
        assert_row(rows[i].request, r.failed && r.wait == rows[i].wait);
        setting_free(s);
    }
}

/* Every request in turn is lost, refused or late, and still all end with the same certificate. */
static void any_request_may_fail(void **state)
{
    (void)state;
    static const int statuses[] = {409, 500, 429, 410};
    for (size_t at = 0; at < 16; at++) {
        struct setting *s = setting_new();
        struct issue old = issued(s, 65);
        secret_put(s, old.ca, old.leaf.certificate, old.leaf.key);
        for (unsigned steps = 0; steps < 30; steps++) {
            if (steps == at)
                api_fail(s->api, at % 3 ? "P" : "GET", statuses[at % 4], NULL, 1);
            keeper_step(s->replicas[steps % REPLICAS].keeper);
        }
        assert_all_serve_the_secret(s);
        assert_string_not_equal(s->replicas[0].served, fingerprint(s, old.leaf.certificate).p);
        assert_int_equal(bundle_at(s, VALIDATING, "webhooks[1].clientConfig.caBundle").count, 2);
        setting_free(s);
    }
}

static void it_works_on_its_own_thread_and_tells_prometheus(void **state)
{
    (void)state;
    struct setting *s = setting_new();
    assert_true(keeper_start(s->replicas[0].keeper));
    while (!api_text(s->api, MUTATING, "webhooks[1].clientConfig.caBundle")[0])
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    const char *page = "";
    for (unsigned i = 0; i < 5000 && !strstr(page, "bundle_matches{configuration=\"mutating\"} 1"); i++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        arena_reset(s->arena);
        struct buf b = buf_new(s->arena, 1 << 16);
        keeper_metrics(s->replicas[0].keeper, &b);
        page = arena_cstr(s->arena, buf_slice(&b));
    }
    static const char *const samples[] = {"brgate_certs_rotation_state{state=\"rest\"} 1\n",
                                          "brgate_certs_bundle_matches{configuration=\"validating\"} 1\n",
                                          "brgate_certs_bundle_matches{configuration=\"mutating\"} 1\n",
                                          "brgate_certs_serving_secret 1\n",
                                          "brgate_certs_steps_total{step=\"create\"} 1\n",
                                          "brgate_certs_clock_ahead_seconds 0\n",
                                          "brgate_certs_failures_total 0\n"};
    for (size_t i = 0; i < COUNT(samples); i++) {
        if (!strstr(page, samples[i]))
            print_error("%s\n", page);
        assert_row(samples[i], strstr(page, samples[i]) != NULL);
    }
    setting_free(s);
}

static void settings_must_leave_time(void **state)
{
    (void)state;
    struct error why = {0};
    struct keeper_options o = {.namespace = LIT("team"),
                               .service = LIT("hook"),
                               .life = ISSUE_LIFE,
                               .settle = 60,
                               .interval = 10000};
    assert_true(keeper_check(&o, &why));
    o.life = 30, o.settle = 4, o.interval = 1000;
    assert_true(keeper_check(&o, &why));
    o.settle = 5;
    assert_false(keeper_check(&o, &why));
    assert_string_equal(why.text,
                        "a life of 30s leaves 10s for a rotation, which takes 6s and must fit twice");
    o.life = 29, o.settle = 1, o.interval = 100;
    assert_false(keeper_check(&o, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_makes_it_and_the_others_take_it),
        cmocka_unit_test(who_comes_second_takes_the_winners),
        cmocka_unit_test(old_and_new_overlap),
        cmocka_unit_test(outlived_cas_leave),
        cmocka_unit_test(what_is_of_no_use_is_replaced),
        cmocka_unit_test(a_deleted_secret_is_made_anew),
        cmocka_unit_test(a_repair_covers_what_is_served),
        cmocka_unit_test(bundles_that_are_taken_away_come_back),
        cmocka_unit_test(one_configuration_is_enough_and_none_is_not),
        cmocka_unit_test(both_configurations_must_vouch),
        cmocka_unit_test(trouble_is_told_once_and_when_it_is_over),
        cmocka_unit_test(the_api_server_is_left_alone_when_it_asks),
        cmocka_unit_test(any_request_may_fail),
        cmocka_unit_test(it_works_on_its_own_thread_and_tells_prometheus),
        cmocka_unit_test(settings_must_leave_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
