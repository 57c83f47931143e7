/* The question to PD about a log backup's task: through a Secret with a client certificate, and every way to fail. */
#include "check.h"
#include "directory.h"

#include "api_double.h"
#include "ask.h"
#include "base64.h"
#include "clock.h"

enum { SOON_MS = 20000 };

#define SECRET "/api/v1/namespaces/team/secrets/tls"
#define NONE   "{\"response_range\":{}}"
/* The task's info, with start_ts 450000000000000000. */
#define INFO                                                                                                 \
    "{\"response_range\":{\"kvs\":[{\"key\":\"eA==\",\"value\":\"EICAtKfak66fBiICdDE=\"}],\"count\":\"1\"}}"
#define RUNNING "{\"succeeded\":true,\"responses\":[" INFO "," NONE "," NONE "," NONE "]}"

struct setting {
    struct api *api, *pd;
    struct arena *arena;
    struct kube *kube;
    struct kube_loop *loop;
    struct machine_question question;
    unsigned answers;
    struct log_task task;
    char error[1024];
};

static void on_done(void *context, const struct log_task *task, slice error)
{
    struct setting *s = context;
    s->answers++;
    s->task = *task;
    snprintf(s->error, sizeof s->error, "%.*s", FMT(error));
}

/* A Secret without the key `without`, or with the CA of another server. */
static void put_secret(struct setting *s, const char *without, slice ca)
{
    struct certificate_request request = {.use = CERTIFICATE_CLIENT,
                                          .common_name = LIT("brgate"),
                                          .not_before = clock_unix() - 60,
                                          .not_after = clock_unix() + 3600};
    struct certificate_pair pair;
    struct error error;
    assert_true(certificate_make(s->arena, &request, NULL, &pair, &error));
    const struct {
        const char *key;
        slice text;
    } members[] = {{"ca.crt", ca}, {"tls.crt", pair.certificate}, {"tls.key", pair.key}};
    struct buf b = buf_new(s->arena, SIZE_MAX);
    buf_fmt(&b, "{\"metadata\":{\"name\":\"tls\"},\"data\":{\"other\":\"eA==\"");
    for (size_t i = 0; i < COUNT(members); i++) {
        slice text = base64_encode(s->arena, members[i].text);
        if (!without || strcmp(without, members[i].key))
            buf_fmt(&b, ",\"%s\":\"%.*s\"", members[i].key, FMT(text));
    }
    buf_put(&b, LIT("}}"));
    api_put(s->api, SECRET, arena_cstr(s->arena, buf_slice(&b)));
}

static void open_servers(void *context)
{
    struct setting *s = context;
    struct error error = {0};
    struct kube_place place = {.kubeconfig = api_kubeconfig(s->api, directory, "token")};
    struct kube_limits limits = kube_defaults();
    s->kube = kube_open(&place, &limits, &error);
    assert_string_equal(error.text, "");
    s->loop = kube_loop_new(s->kube);
    assert_non_null(s->loop);
    s->question =
        (struct machine_question){.task = LIT("log"),
                                  .pd_address = arena_fmt(s->arena, "127.0.0.1:%u", api_port(s->pd)),
                                  .tls_secret = LIT("tls")};
    put_secret(s, NULL, api_ca(s->pd));
    api_say(s->pd, RUNNING);
}

static int setup(void **state)
{
    struct setting *s = calloc(1, sizeof *s);
    *state = s;
    s->api = api_start();
    s->pd = api_start();
    s->arena = arena_new(16 << 20);
    return !arena_run(s->arena, open_servers, s);
}

static int teardown(void **state)
{
    struct setting *s = *state;
    kube_loop_free(s->loop);
    kube_close(s->kube);
    api_stop(s->pd);
    api_stop(s->api);
    arena_free(s->arena);
    free(s);
    return 0;
}

static struct asking *start(struct setting *s, uint64_t ms)
{
    const struct machine_request r = {.verb = MACHINE_ASK,
                                      .namespace = LIT("team"),
                                      .question = &s->question,
                                      .deadline = (int64_t)(clock_lived_ms() + ms)};
    struct asking *q = asking_start(s->loop, s->kube, &r, on_done, s);
    assert_non_null(q);
    return q;
}

/* Asks, and waits for the one answer. */
static void ask(struct setting *s)
{
    unsigned before = s->answers;
    start(s, SOON_MS);
    for (uint64_t end = clock_lived_ms() + SOON_MS; s->answers == before && clock_lived_ms() < end;)
        kube_loop_wait(s->loop, -1, end);
    assert_int_equal(s->answers, before + 1);
}

static void assert_unknown(const struct setting *s, const char *why)
{
    if (!strstr(s->error, why))
        print_error("got: %s\nwant: %s\n", s->error, why);
    assert_false(s->task.known);
    assert_non_null(strstr(s->error, why));
    assert_null(strchr(s->error, '\n'));
}

static void the_answer_is_the_task(void **state)
{
    struct setting *s = *state;
    ask(s);
    assert_string_equal(s->error, "");
    assert_true(s->task.known && s->task.found);
    assert_int_equal(s->task.start_ts, UINT64_C(450000000000000000));
    assert_int_equal(api_count(s->api, "GET " SECRET), 1);
    assert_int_equal(api_count(s->pd, "POST /v3/kv/txn"), 1);
}

static void what_the_secret_lacks_is_named(void **state)
{
    struct setting *s = *state;
    static const char *const keys[] = {"ca.crt", "tls.crt", "tls.key"};
    for (size_t i = 0; i < COUNT(keys); i++) {
        put_secret(s, keys[i], api_ca(s->pd));
        ask(s);
        assert_unknown(s, "the Secret team/tls: ca.crt, tls.crt and tls.key are required to ask PD");
    }
    api_delete(s->api, SECRET);
    ask(s);
    assert_unknown(s, SECRET ": 404");
    api_fail(s->api, "GET", 403, NULL, 1);
    ask(s);
    assert_unknown(s, "a Role must grant the verb \"get\" on \"secrets\"");
    assert_int_equal(api_count(s->pd, ""), 0);
}

static void another_server_is_not_asked(void **state)
{
    struct setting *s = *state;
    put_secret(s, NULL, api_ca(s->api));
    ask(s);
    assert_unknown(s, "the server's certificate is not signed by the configured CA");
    assert_unknown(s, "credentials from the Secret team/tls");
    /* Without TLS, to a server that has it. */
    s->question.tls_secret = (slice){0};
    ask(s);
    assert_unknown(s, "POST http://127.0.0.1:");
    assert_int_equal(api_count(s->pd, ""), 0);
}

static void an_answer_that_is_none_is_an_error(void **state)
{
    struct setting *s = *state;
    api_fail(s->pd, "POST", 503, NULL, 1);
    ask(s);
    assert_unknown(s, ": 503");
    static const char *const texts[] = {"{}", "[]", "null", "PD is starting", "{\"responses\":[]}"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        api_say(s->pd, texts[i]);
        ask(s);
        assert_unknown(s, "PD's answer about the log backup is not one of etcd's");
    }
}

static void a_question_has_an_end(void **state)
{
    struct setting *s = *state;
    api_fail(s->pd, "POST", 0, NULL, 1);
    start(s, 300);
    for (uint64_t end = clock_lived_ms() + SOON_MS; !s->answers && clock_lived_ms() < end;)
        kube_loop_wait(s->loop, -1, end);
    assert_unknown(s, "/v3/kv/txn: no answer in time; check that the server is up");
}

/* Before anything was sent, while the Secret is read, and while PD is asked. */
static void what_is_cancelled_is_not_answered(void **state)
{
    struct setting *s = *state;
    for (int stage = 0; stage < 3; stage++) {
        struct api *silent = stage == 1 ? s->api : s->pd;
        const char *request = stage == 1 ? "GET" : "POST";
        unsigned before = api_count(silent, request);
        if (stage)
            api_fail(silent, request, 0, NULL, 1);
        struct asking *q = start(s, SOON_MS);
        while (stage && api_count(silent, request) == before)
            kube_loop_wait(s->loop, -1, clock_lived_ms() + 10);
        asking_cancel(q);
        kube_loop_wait(s->loop, -1, clock_lived_ms() + 50);
        assert_int_equal(s->answers, 0);
    }
    ask(s); /* the next one is */
    assert_true(s->task.known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_answer_is_the_task, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_secret_lacks_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(another_server_is_not_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_that_is_none_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(a_question_has_an_end, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_cancelled_is_not_answered, setup, teardown),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
