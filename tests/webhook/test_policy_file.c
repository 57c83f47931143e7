/* The policy's file under a server that runs: what it says is applied, and nothing lifts it without a word. */
#include "check.h"

#include "review_handler.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/brgate-policy-XXXXXX";
static char path[64];

static void write_policy(const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

/* Whether a backup whose prefix is missing is denied. */
static bool denies(struct server_handler *h)
{
    static const char body[] =
        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"u\","
        "\"operation\":\"CREATE\",\"kind\":{\"group\":\"br.pingcap.com\",\"version\":\"v1alpha1\",\"kind\":"
        "\"Backup\"},"
        "\"object\":{\"apiVersion\":\"br.pingcap.com/"
        "v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"name\":\"b\","
        "\"namespace\":\"t\"},\"spec\":{\"br\":{\"cluster\":\"c\"},\"s3\":{\"provider\":\"aws\",\"region\":"
        "\"us-west-1\","
        "\"bucket\":\"my-bucket\",\"secretName\":\"s\"}}}}}";
    struct arena *a = arena_new(1 << 24);
    struct server_answer answer = {0};
    h->answer(h->context, a, 0, slice_of(body), &answer);
    enum server_verdict verdict = answer.verdict;
    arena_free(a);
    assert_true(verdict == SERVER_DENIED || verdict == SERVER_ALLOWED);
    return verdict == SERVER_DENIED;
}

static struct server_handler open_handler(void)
{
    struct server_handler h;
    struct error error;
    if (!review_handler_open(&(struct server_judging){.config_file = path}, &h, &error)) {
        print_error("%s\n", error.text);
        fail();
    }
    return h;
}

static const char *const empty[] = {"",
                                    "# all of it is a comment\n",
                                    "null\n",
                                    "{}\n",
                                    "rules: {}\n",
                                    "\n---\n",
                                    "overridable: []\n",
                                    "rules: {}\noverridable: []\n"};

static void nothing_lifts_a_policy(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(empty); i++) {
        struct error error = {0};
        write_policy("rules: { prefix-missing: error }\n");
        struct server_handler h = open_handler();
        assert_true(denies(&h));
        write_policy(empty[i]);
        assert_row(empty[i], h.reload(h.context, false, &error) == SERVER_NOT_RELOADED && error.text[0]);
        assert_row(empty[i], denies(&h));
        assert_row(empty[i], h.reload(h.context, false, &error) == SERVER_UNCHANGED); /* it is said once */
        assert_row(empty[i], h.reload(h.context, true, &error) == SERVER_NOT_RELOADED);
        write_policy("rules: { prefix-missing: warn }\n");
        assert_row(empty[i], h.reload(h.context, false, &error) == SERVER_RELOADED);
        assert_row(empty[i], !denies(&h));
        h.close(h.context);
    }
}

/* With any setting it is a policy: no empty file lifts it, and it may follow another one. */
static void every_key_makes_a_policy(void **state)
{
    (void)state;
    static const char *const texts[] = {"rules: { all: warn }\n",
                                        "enforcement: warn\n",
                                        "enforcement: { s3-bucket: warn }\n",
                                        "namespaces: [{ names: [t], enforcement: warn }]\n",
                                        "defaults: none\n",
                                        "overridable: [s3-bucket]\n"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct error error = {0};
        write_policy("rules: { prefix-missing: error }\n");
        struct server_handler h = open_handler();
        write_policy(texts[i]);
        assert_row(texts[i], h.reload(h.context, false, &error) == SERVER_RELOADED);
        write_policy("{}\n");
        assert_row(texts[i], h.reload(h.context, false, &error) == SERVER_NOT_RELOADED);
        h.close(h.context);
    }
}

/* A server that started without a policy may get one. */
static void a_server_may_start_without_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(empty); i++) {
        struct error error = {0};
        write_policy(empty[i]);
        struct server_handler h = open_handler();
        assert_row(empty[i], !denies(&h));
        write_policy(empty[(i + 1) % COUNT(empty)]);
        assert_row(empty[i], h.reload(h.context, false, &error) == SERVER_RELOADED);
        write_policy("rules: { prefix-missing: error }\n");
        assert_row(empty[i], h.reload(h.context, false, &error) == SERVER_RELOADED);
        assert_row(empty[i], denies(&h));
        h.close(h.context);
    }
}

/* In a thread that nothing would wake. */
static void a_pipe_in_its_place_holds_nothing_up(void **state)
{
    (void)state;
    struct error error = {0};
    write_policy("rules: { prefix-missing: error }\n");
    struct server_handler h = open_handler();
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    alarm(20);
    assert_int_equal(h.reload(h.context, false, &error), SERVER_NOT_RELOADED);
    alarm(0);
    assert_true(denies(&h));
    unlink(path);
    h.close(h.context);
}

static int make_directory(void **state)
{
    (void)state;
    bool made = mkdtemp(directory);
    snprintf(path, sizeof path, "%s/policy.yaml", directory);
    return !made;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_lifts_a_policy),
        cmocka_unit_test(every_key_makes_a_policy),
        cmocka_unit_test(a_server_may_start_without_one),
        cmocka_unit_test(a_pipe_in_its_place_holds_nothing_up),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
