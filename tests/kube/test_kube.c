/* The API client against a scripted server. */
#include "check.h"
#include "directory.h"

#include "api_double.h"
#include "kube.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct setting {
    struct api *api;
    struct arena *arena;
    struct kube *kube;
};

static struct kube_limits hasty(void)
{
    return (struct kube_limits){
        .connect = 5000, .request = 10000, .attempts = 3, .backoff = 1, .patience = 2000};
}

static struct setting open_with(struct kube_limits limits)
{
    struct error error = {0};
    struct setting s = {.api = api_start(), .arena = arena_new(64 << 20)};
    struct kube_place place = {.kubeconfig = api_kubeconfig(s.api, directory, "token")};
    s.kube = kube_open(&place, &limits, &error);
    assert_string_equal(error.text, "");
    assert_non_null(s.kube);
    return s;
}

static void close_all(struct setting *s)
{
    kube_close(s->kube);
    api_stop(s->api);
    arena_free(s->arena);
}

static struct kube_answer ask(struct setting *s, enum kube_method method, const char *body)
{
    struct kube_request q = {.method = method,
                             .group_version = "v1",
                             .resource = "secrets",
                             .namespace = LIT("team"),
                             .name = method == KUBE_POST ? (slice){0} : LIT("one"),
                             .body = slice_of(body)};
    return kube_do(s->kube, s->arena, &q);
}

#define ONE  "/api/v1/namespaces/team/secrets/one"
#define BODY "{\"metadata\":{\"name\":\"one\",\"resourceVersion\":\"%s\"},\"data\":{\"x\":\"%s\"}}"

static void objects_are_read_and_written(void **state)
{
    (void)state;
    struct setting s = open_with(hasty());
    assert_slice("namespace", kube_namespace(s.kube), LIT("team"));
    assert_int_equal(ask(&s, KUBE_GET, NULL).outcome, KUBE_NOT_FOUND);
    assert_int_equal(ask(&s, KUBE_POST, "{\"metadata\":{\"name\":\"one\"}}").outcome, KUBE_OK);
    assert_int_equal(ask(&s, KUBE_POST, "{\"metadata\":{\"name\":\"one\"}}").outcome, KUBE_CONFLICT);
    struct kube_answer got = ask(&s, KUBE_GET, NULL);
    assert_int_equal(got.outcome, KUBE_OK);
    assert_slice("version", node_at(got.root, "metadata.resourceVersion")->text, LIT("1"));
    char body[256];
    snprintf(body, sizeof body, BODY, "7", "stale");
    assert_int_equal(ask(&s, KUBE_PUT, body).outcome, KUBE_CONFLICT);
    snprintf(body, sizeof body, BODY, "1", "fresh");
    assert_int_equal(ask(&s, KUBE_PUT, body).outcome, KUBE_OK);
    assert_string_equal(api_text(s.api, ONE, "data.x"), "fresh");
    close_all(&s);
}

static void an_answer_tells_the_servers_time(void **state)
{
    (void)state;
    static const int64_t ahead[] = {0, 100 * 86400, -200 * 86400};
    struct setting s = open_with(hasty());
    for (size_t i = 0; i < COUNT(ahead); i++) {
        api_set_clock(ahead[i]);
        int64_t before = time(NULL) + ahead[i];
        struct kube_answer refused = ask(&s, KUBE_GET, NULL), taken = ask(&s, KUBE_POST, "{\"metadata\":{}}");
        int64_t after = time(NULL) + ahead[i];
        assert_true(refused.date >= before && refused.date <= taken.date && taken.date <= after);
    }
    close_all(&s);
}

static void statuses_become_outcomes(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum kube_outcome outcome;
        unsigned attempts;
        const char *error; /* a part */
    } rows[] = {
        {400, KUBE_REFUSED, 1, ": 400: as the test wants it"},
        {403, KUBE_FORBIDDEN, 1,
         "a Role must grant the verb \"get\" on \"secrets\" of the API group \"\", resourceName \"one\", "
         "in "
         "namespace \"team\""},
        {404, KUBE_NOT_FOUND, 1, ": 404: "},
        {409, KUBE_CONFLICT, 1, ": 409: "},
        {410, KUBE_GONE, 1, ": 410: "},
        {422, KUBE_REFUSED, 1, ": 422: "},
        {429, KUBE_RETRY, 3, ": 429: "},
        {500, KUBE_RETRY, 3, ": 500: "},
        {503, KUBE_RETRY, 3, ": 503: "},
        {301, KUBE_UNREACHABLE, 1, ": 301: "},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct setting s = open_with(hasty());
        api_fail(s.api, "GET", rows[i].status, NULL, 9);
        struct kube_answer got = ask(&s, KUBE_GET, NULL);
        char label[16];
        snprintf(label, sizeof label, "%d", rows[i].status);
        if (slice_find(got.error, slice_of(rows[i].error)) == SLICE_NONE)
            print_error("%.*s\n", FMT(got.error));
        assert_row(label, got.outcome == rows[i].outcome);
        assert_row(label, api_count(s.api, "GET") == rows[i].attempts);
        assert_row(label, slice_find(got.error, slice_of(rows[i].error)) != SLICE_NONE);
        assert_row(label, slice_find_char(got.error, '\n') == SLICE_NONE);
        assert_row(label, slice_starts(got.error, LIT("GET https://127.0.0.1:")));
        close_all(&s);
    }
}

static void patience_is_kept_and_ends(void **state)
{
    (void)state;
    struct setting s = open_with(hasty());
    api_put(s.api, ONE, "{\"metadata\":{\"name\":\"one\"}}");
    api_fail(s.api, "GET", 429, "Retry-After: 1", 1);
    assert_int_equal(ask(&s, KUBE_GET, NULL).outcome, KUBE_OK);
    assert_int_equal(api_count(s.api, "GET"), 2);
    /* Longer than our patience: the caller has to come again. */
    api_fail(s.api, "GET", 503, "Retry-After: 60", 1);
    struct kube_answer got = ask(&s, KUBE_GET, NULL);
    assert_int_equal(got.outcome, KUBE_RETRY);
    assert_int_equal(got.retry_after, 60000);
    assert_int_equal(api_count(s.api, "GET"), 3);
    /* Nor does it wait after a request to stop. */
    atomic_bool stop = true;
    kube_stop_on(s.kube, &stop);
    assert_int_equal(ask(&s, KUBE_GET, NULL).outcome, KUBE_UNREACHABLE);
    close_all(&s);
}

static void silence_has_an_end(void **state)
{
    (void)state;
    struct kube_limits limits = hasty();
    limits.request = 100;
    struct setting s = open_with(limits);
    api_fail(s.api, "GET", 0, NULL, 1);
    struct kube_answer got = ask(&s, KUBE_GET, NULL);
    assert_int_equal(got.outcome, KUBE_UNREACHABLE);
    assert_true(slice_find(got.error, LIT("timed out")) != SLICE_NONE);
    close_all(&s);
}

static void write_file(const char *name, slice text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fwrite(slice_c(text), 1, text.n, f);
    fclose(f);
}

static void a_pod_finds_its_server_and_reads_its_token_again(void **state)
{
    (void)state;
    struct error error = {0};
    char port[16];
    struct setting s = {.api = api_start(), .arena = arena_new(64 << 20)};
    snprintf(port, sizeof port, "%u", api_port(s.api));
    write_file("token", LIT("token\n"));
    write_file("namespace", LIT("brgate-system"));
    write_file("ca.crt", api_ca(s.api));
    unsetenv("KUBECONFIG");
    setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1", 1);
    setenv("KUBERNETES_SERVICE_PORT", port, 1);
    struct kube_place place = {.service_account = directory};
    struct kube_limits limits = hasty();
    s.kube = kube_open(&place, &limits, &error);
    assert_string_equal(error.text, "");
    assert_slice("namespace", kube_namespace(s.kube), LIT("brgate-system"));
    assert_int_equal(ask(&s, KUBE_GET, NULL).outcome, KUBE_NOT_FOUND);
    /* The kubelet has replaced the token, the old one is refused: it is read again, at once. */
    api_set_token(s.api, "newer");
    write_file("token", LIT("newer\r\nX-Smuggled: yes\n"));
    assert_int_equal(ask(&s, KUBE_GET, NULL).outcome, KUBE_NOT_FOUND);
    assert_int_equal(api_count(s.api, "GET"), 3);
    /* The new one is no good either: that is the answer. */
    api_set_token(s.api, "newest");
    struct kube_answer got = ask(&s, KUBE_GET, NULL);
    assert_int_equal(got.outcome, KUBE_FORBIDDEN);
    assert_int_equal(got.status, 401);
    assert_true(slice_find(got.error, LIT("expired or belong to another cluster")) != SLICE_NONE);
    unsetenv("KUBERNETES_SERVICE_HOST");
    close_all(&s);
}

static void a_server_that_is_not_ours_is_not_talked_to(void **state)
{
    (void)state;
    struct setting s = open_with(hasty());
    struct api *other = api_start();
    write_file("ca.crt", api_ca(other));
    kube_close(s.kube);
    struct error error;
    char path[128];
    snprintf(path, sizeof path, "%s/kubeconfig", directory);
    struct kube_place place = {.kubeconfig = path};
    struct kube_limits limits = hasty();
    s.kube = kube_open(&place, &limits, &error);
    assert_non_null(s.kube);
    struct kube_answer got = ask(&s, KUBE_GET, NULL);
    assert_int_equal(got.outcome, KUBE_UNREACHABLE);
    assert_true(slice_find(got.error, LIT("not signed by the configured CA")) != SLICE_NONE);
    assert_int_equal(api_count(s.api, ""), 0);
    /* What is no certificate is not a certificate of another CA. */
    write_file("ca.crt", LIT("no certificate"));
    got = ask(&s, KUBE_GET, NULL);
    assert_int_equal(got.outcome, KUBE_UNREACHABLE);
    assert_true(slice_find(got.error, LIT("has no certificate in PEM form")) != SLICE_NONE);
    assert_true(slice_find(got.error, LIT("not signed")) == SLICE_NONE);
    api_stop(other);
    close_all(&s);
}

#define CLUSTER  "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n"
#define CONTEXT  "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
#define USER(it) "users: [{name: u, user: {" it "}}]\n"

static void what_a_kubeconfig_may_not_say(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error; /* NULL: it is taken */
    } rows[] = {
        {CLUSTER CONTEXT USER("token: t"), NULL},
        {"{\"clusters\": [{\"name\": \"c\", \"cluster\": {\"server\": \"https://h\"}}], \"current-context\": "
         "\"x\","
         "\"contexts\": [{\"name\": \"x\", \"context\": {\"cluster\": \"c\"}}]}",
         NULL},
        {"clusters: [{name: c, cluster: {server: 'http://127.0.0.1:8001'}}]\ncurrent-context: x\n"
         "contexts: [{name: x, context: {cluster: c}}]\n",
         NULL},
        {"clusters: [{name: c, cluster: {server: 'http://127.0.0.1:8001'}}]\n" CONTEXT USER("token: t"),
         "credentials are sent only over https://"},
        {"clusters: [{name: c, cluster: {server: 'ftp://h'}}]\n" CONTEXT USER("token: t"),
         "must begin with https://"},
        {"a: [", ":1:4: a value is missing here; expected a kubeconfig in YAML or JSON"},
        {"\x7f", ":1:1: control character U+007F; expected a kubeconfig in YAML or JSON"},
        {"", ": empty; expected a kubeconfig with clusters, users and contexts"},
        {"# nothing\n", ": empty; expected a kubeconfig"},
        {"hello\n", ":1:1: expected a mapping with clusters, users, contexts and current-context"},
        {"\nkind: Pod\n", ":2:7: kind: Pod: expected a kubeconfig, which has kind: Config"},
        {CLUSTER, ": there are no contexts"},
        {CLUSTER "contexts: [{name: a}, {name: b}, {name: c}]\n",
         ": no current-context; `kubectl config use-context NAME` sets one: expected a, b or c"},
        {CLUSTER "current-context: z\n", ": unknown context z: there are no contexts"},
        {CLUSTER "current-context: prd-eu\ncontexts: [{name: prod-eu}, {name: test}]\n",
         ": unknown context prd-eu; did you mean prod-eu?"},
        {CLUSTER "current-context: z\ncontexts: [{name: prod-eu}, {name: test}]\n",
         ": unknown context z: expected prod-eu or test"},
        {CONTEXT, "unknown cluster c: there are no clusters"},
        {CLUSTER CONTEXT, "unknown user u: there are no users"},
        {CLUSTER CONTEXT "users: [{name: me, user: {token: t}}]\n", "unknown user u: expected me"},
        {"clusters: [{name: c, cluster: {server: 'https://h', certificate-authority: "
         "/nowhere/ca.crt}}]\n" CONTEXT USER("token: t"),
         ": certificate-authority: /nowhere/ca.crt: No such file or directory"},
        {CLUSTER CONTEXT USER("tokenFile: nowhere"), "/nowhere: No such file or directory"},
        {CLUSTER CONTEXT USER("client-certificate: /nowhere/x, client-key: /nowhere/y"),
         ": client-certificate: /nowhere/x: No such file or directory"},
        {"clusters: [{name: c, cluster: {}}]\n" CONTEXT, "cluster \"c\" has no server"},
        {CLUSTER CONTEXT USER("exec: {command: aws}"), "exec: brgate does not run credential plugins"},
        {CLUSTER CONTEXT USER("auth-provider: {name: gcp}"), "auth-provider: was removed"},
        {CLUSTER CONTEXT USER("username: admin"), "username: was removed"},
        {CLUSTER CONTEXT USER("token: t, as: root"), "as: impersonation is not supported"},
        {CLUSTER CONTEXT USER("client-certificate-data: eA=="),
         "client-certificate and client-key must be set together"},
        {CLUSTER CONTEXT USER("client-key-data: '$'"), "client-key-data is not base64"},
        {"clusters: [{name: c, cluster: {server: 'https://h', insecure-skip-tls-verify: true}}]\n" CONTEXT
             USER("token: t"),
         "insecure-skip-tls-verify: brgate connects only to servers it can verify"},
        {"clusters: [{name: c, cluster: {server: 'https://h', insecure-skip-tls-verify: false}}]\n" CONTEXT
             USER("token: t"),
         NULL},
    };
    char path[128], begin[160];
    snprintf(path, sizeof path, "%s/config", directory);
    snprintf(begin, sizeof begin, "--kubeconfig %s", path);
    struct kube_place place = {.kubeconfig = path};
    struct kube_limits limits = hasty();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error error = {0};
        write_file("config", slice_of(rows[i].text));
        struct kube *k = kube_open(&place, &limits, &error);
        if (rows[i].error && !strstr(error.text, rows[i].error))
            print_error("got: %s\n", error.text);
        assert_row(rows[i].text, !k == (rows[i].error != NULL));
        assert_row(rows[i].text, !rows[i].error || strstr(error.text, rows[i].error));
        assert_row(rows[i].text, k || strstr(error.text, begin) == error.text);
        kube_close(k);
    }
}

static void files_are_merged_and_the_first_wins(void **state)
{
    (void)state;
    char list[512];
    struct error error = {0};
    write_file("first", LIT("current-context: b\n" USER("token: t")));
    write_file("second", LIT(CONTEXT "clusters: [{name: c, cluster: {server: 'https://second/'}}]\n"));
    write_file("third", LIT("contexts: [{name: b, context: {cluster: c, user: u, namespace: three}}]\n"
                            "clusters: [{name: c, cluster: {server: 'https://third'}}]\n"));
    snprintf(list, sizeof list, "%s/first:%s/missing:%s/second:%s/third", directory, directory, directory,
             directory);
    setenv("KUBECONFIG", list, 1);
    struct kube_limits limits = hasty();
    struct kube *k = kube_open(&(struct kube_place){0}, &limits, &error);
    assert_string_equal(error.text, "");
    assert_slice("server", kube_server(k), LIT("https://second"));
    assert_slice("namespace", kube_namespace(k), LIT("three"));
    kube_close(k);
    k = kube_open(&(struct kube_place){.context = "x"}, &limits, &error);
    assert_slice("namespace", kube_namespace(k), LIT("default"));
    kube_close(k);
    setenv("KUBECONFIG", "/nowhere/at/all", 1);
    assert_null(kube_open(&(struct kube_place){0}, &limits, &error));
    assert_string_equal(error.text, "$KUBECONFIG /nowhere/at/all: no such file");
    setenv("KUBECONFIG", "/nowhere:/nor/here", 1);
    assert_null(kube_open(&(struct kube_place){0}, &limits, &error));
    assert_string_equal(error.text, "$KUBECONFIG /nowhere:/nor/here: none of these files exists");
    unsetenv("KUBECONFIG");
    setenv("HOME", "/nowhere", 1);
    assert_null(kube_open(&(struct kube_place){0}, &limits, &error));
    assert_non_null(strstr(error.text, "not running in a pod, and no kubeconfig"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_read_and_written),
        cmocka_unit_test(an_answer_tells_the_servers_time),
        cmocka_unit_test(statuses_become_outcomes),
        cmocka_unit_test(patience_is_kept_and_ends),
        cmocka_unit_test(silence_has_an_end),
        cmocka_unit_test(a_pod_finds_its_server_and_reads_its_token_again),
        cmocka_unit_test(a_server_that_is_not_ours_is_not_talked_to),
        cmocka_unit_test(what_a_kubeconfig_may_not_say),
        cmocka_unit_test(files_are_merged_and_the_first_wins),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
