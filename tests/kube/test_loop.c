/* Several requests and watches at a time, against a server that cuts, falls silent, sends too much and restarts. */
#include "check.h"
#include "directory.h"

#include "api_double.h"
#include "clock.h"
#include "loop.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define SECRETS "/api/v1/namespaces/team/secrets"
#define ADDED   "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"one\",\"resourceVersion\":\"7\"}}}\n"

enum { SOON_MS = 20000, KEPT = 64 };

/* The events that a listener has received. */
struct ear {
    unsigned lines, ends;
    char line[KEPT], body[KEPT]; /* the beginning of the last one */
    enum kube_outcome outcome;
    int status;
    char error[512];
    struct kube_call *cancels; /* by the first line; NULL: none */
};

struct setting {
    struct api *api;
    struct kube *kube;
    struct kube_loop *loop;
};

static void on_line(void *context, slice line)
{
    struct ear *ear = context;
    snprintf(ear->line, sizeof ear->line, "%.*s", FMT(line));
    ear->lines++;
    if (ear->cancels)
        kube_call_cancel(ear->cancels);
    ear->cancels = NULL;
}

static void on_done(void *context, const struct kube_answer *answer)
{
    struct ear *ear = context;
    ear->ends++;
    ear->outcome = answer->outcome;
    ear->status = answer->status;
    snprintf(ear->error, sizeof ear->error, "%.*s", FMT(answer->error));
    snprintf(ear->body, sizeof ear->body, "%.*s", FMT(answer->body));
}

static struct kube_listener listener(struct ear *ear)
{
    return (struct kube_listener){ear, on_line, on_done};
}

static struct setting open_all(void)
{
    struct error error = {0};
    struct setting s = {.api = api_start()};
    struct kube_place place = {.kubeconfig = api_kubeconfig(s.api, directory, "token")};
    struct kube_limits limits = kube_defaults();
    s.kube = kube_open(&place, &limits, &error);
    assert_string_equal(error.text, "");
    s.loop = kube_loop_new(s.kube);
    assert_non_null(s.loop);
    return s;
}

static void close_all(struct setting *s)
{
    kube_loop_free(s->loop);
    kube_close(s->kube);
    api_stop(s->api);
}

static struct kube_call *start_until(struct setting *s, struct kube_request q, struct kube_bounds bounds,
                                     struct ear *ear)
{
    struct kube_listener l = listener(ear);
    q.group_version = "v1";
    q.resource = "secrets";
    q.namespace = LIT("team");
    struct kube_call *call = kube_loop_start(s->loop, s->kube, &q, &bounds, &l);
    assert_non_null(call);
    return call;
}

static struct kube_call *start(struct setting *s, struct kube_request q, struct ear *ear)
{
    return start_until(s, q, (struct kube_bounds){clock_lived_ms() + SOON_MS, SOON_MS}, ear);
}

static const struct kube_request watching = {.watch = true, .query = SLICE("watch=1&resourceVersion=6")};

static struct kube_call *watch(struct setting *s, unsigned idle, struct ear *ear)
{
    struct kube_call *call =
        start_until(s, watching, (struct kube_bounds){clock_lived_ms() + SOON_MS, idle}, ear);
    for (uint64_t end = clock_lived_ms() + SOON_MS; !api_watches(s->api, SECRETS);) {
        assert_true(clock_lived_ms() < end);
        kube_loop_wait(s->loop, -1, clock_lived_ms() + 10);
    }
    return call;
}

static void wait_until(struct setting *s, const unsigned *number, unsigned least)
{
    for (uint64_t end = clock_lived_ms() + SOON_MS; *number < least;) {
        assert_true(clock_lived_ms() < end);
        kube_loop_wait(s->loop, -1, end);
    }
}

static void each_request_has_its_own_answer(void **state)
{
    (void)state;
    struct setting s = open_all();
    struct ear slow = {0}, gone = {0}, made = {0}, deleted = {0};
    api_fail(s.api, "GET " SECRETS "/slow", 503, "Retry-After: 3", 1);
    start(&s, (struct kube_request){.name = LIT("slow")}, &slow);
    start(&s, (struct kube_request){.name = LIT("none")}, &gone);
    start(&s, (struct kube_request){.method = KUBE_POST, .body = LIT("{\"metadata\":{\"name\":\"one\"}}")},
          &made);
    wait_until(&s, &slow.ends, 1);
    wait_until(&s, &gone.ends, 1);
    wait_until(&s, &made.ends, 1);
    assert_int_equal(slow.outcome, KUBE_RETRY);
    assert_int_equal(api_count(s.api, "GET " SECRETS "/slow"),
                     1); /* one attempt: retries are up to the caller */
    assert_int_equal(gone.outcome, KUBE_NOT_FOUND);
    assert_int_equal(made.outcome, KUBE_OK);
    assert_non_null(strstr(made.body, "\"one\""));
    struct kube_request q = {.method = KUBE_DELETE,
                             .name = LIT("one"),
                             .body = LIT("{\"preconditions\":{\"resourceVersion\":\"9\"}}")};
    start(&s, q, &deleted);
    wait_until(&s, &deleted.ends, 1);
    assert_int_equal(deleted.outcome, KUBE_CONFLICT);
    q.body = LIT("{\"preconditions\":{\"resourceVersion\":\"1\"}}");
    start(&s, q, &deleted);
    wait_until(&s, &deleted.ends, 2);
    assert_int_equal(deleted.outcome, KUBE_OK);
    close_all(&s);
}

static void lines_come_whole_however_they_are_cut(void **state)
{
    (void)state;
    struct setting s = open_all();
    struct ear ear = {0}, other = {0};
    watch(&s, SOON_MS, &ear);
    slice event = LIT(ADDED);
    for (size_t n = 1; n < event.n; n += 11) { /* one line in two pieces, with another request in between */
        unsigned before = ear.lines;
        api_push(s.api, SECRETS, slice_cut(event, 0, n), 1);
        start(&s, (struct kube_request){.name = LIT("none")}, &other);
        wait_until(&s, &other.ends, other.ends + 1);
        assert_int_equal(ear.lines, before);
        api_push(s.api, SECRETS, slice_from(event, n), 1);
        wait_until(&s, &ear.lines, before + 1);
    }
    unsigned before = ear.lines;
    api_push(s.api, SECRETS, event, 5000); /* and many at once */
    wait_until(&s, &ear.lines, before + 5000);
    assert_memory_equal(ear.line, ADDED, KEPT - 1);
    assert_int_equal(ear.ends, 0);
    api_end_watches(s.api, true);
    wait_until(&s, &ear.ends, 1);
    assert_int_equal(ear.outcome, KUBE_OK);
    assert_int_equal(api_count(s.api, "GET " SECRETS), 1 + other.ends);
    close_all(&s);
}

static void a_watch_that_is_silent_or_says_too_much_ends(void **state)
{
    (void)state;
    struct setting s = open_all();
    struct ear silent = {0}, endless = {0};
    watch(&s, 300, &silent);
    api_push(s.api, SECRETS, LIT(ADDED), 1);
    wait_until(&s, &silent.ends, 1);
    assert_int_equal(silent.outcome, KUBE_UNREACHABLE);
    assert_int_equal(silent.lines, 1);
    assert_non_null(strstr(silent.error, "silent"));
    while (api_watches(s.api, SECRETS)) /* the server notices */
        api_end_watches(s.api, true);
    watch(&s, SOON_MS, &endless);
    api_push(s.api, SECRETS, LIT("0123456789abcdef"), 900000);
    wait_until(&s, &endless.ends, 1);
    assert_int_equal(endless.outcome, KUBE_UNREACHABLE);
    assert_int_equal(endless.lines, 0);
    assert_non_null(strstr(endless.error, "larger than 8 MiB"));
    close_all(&s);
}

static void nothing_is_sent_after_its_deadline(void **state)
{
    (void)state;
    struct setting s = open_all();
    struct ear late = {0}, slow = {0};
    start_until(&s,
                (struct kube_request){.method = KUBE_POST, .body = LIT("{\"metadata\":{\"name\":\"one\"}}")},
                (struct kube_bounds){clock_lived_ms(), 0}, &late);
    wait_until(&s, &late.ends, 1);
    assert_int_equal(late.outcome, KUBE_UNREACHABLE);
    assert_non_null(strstr(late.error, "no answer in time"));
    assert_int_equal(api_count(s.api, "POST"), 0);
    api_fail(s.api, "GET", 0, NULL, 1); /* takes a second */
    start_until(&s, (struct kube_request){.name = LIT("one")},
                (struct kube_bounds){clock_lived_ms() + 300, 0}, &slow);
    wait_until(&s, &slow.ends, 1);
    assert_int_equal(slow.outcome, KUBE_UNREACHABLE);
    assert_int_equal(slow.status, 0);
    close_all(&s);
}

static void a_watch_that_is_refused_says_why(void **state)
{
    (void)state;
    struct setting s = open_all();
    struct ear ear = {0};
    static const struct {
        int status;
        enum kube_outcome outcome;
    } rows[] = {{410, KUBE_GONE}, {403, KUBE_FORBIDDEN}, {404, KUBE_NOT_FOUND}, {503, KUBE_RETRY}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        api_fail(s.api, "GET " SECRETS, rows[i].status, NULL, 1);
        start(&s, watching, &ear);
        wait_until(&s, &ear.ends, (unsigned)i + 1);
        assert_int_equal(ear.outcome, rows[i].outcome);
        assert_int_equal(ear.status, rows[i].status);
        assert_non_null(strstr(ear.body, "\"Status\""));
        if (rows[i].status == 403)
            assert_non_null(strstr(ear.error, "must grant the verb \"watch\" on \"secrets\""));
    }
    close_all(&s);
}

static void a_cut_and_a_restart_are_ends_and_not_more(void **state)
{
    (void)state;
    struct setting s = open_all();
    struct ear ear = {0}, other = {0};
    watch(&s, SOON_MS, &ear);
    api_push(s.api, SECRETS, LIT(ADDED "{\"type\":"), 1);
    wait_until(&s, &ear.lines, 1);
    api_end_watches(s.api, false);
    wait_until(&s, &ear.ends, 1);
    assert_int_equal(ear.outcome, KUBE_UNREACHABLE);
    assert_int_equal(ear.lines, 1);
    while (api_watches(s.api, SECRETS))
        api_end_watches(s.api, false);
    watch(&s, SOON_MS, &ear);
    api_restart(s.api);
    wait_until(&s, &ear.ends, 2);
    assert_int_equal(ear.outcome, KUBE_UNREACHABLE);
    /* The kept connections are dead; the next request finds the new server. */
    start(&s, (struct kube_request){.name = LIT("none")}, &other);
    wait_until(&s, &other.ends, 1);
    assert_int_equal(other.outcome, KUBE_NOT_FOUND);
    watch(&s, SOON_MS, &ear);
    close_all(&s); /* with a watch under way */
}

static void calls_may_be_cancelled_from_callbacks(void **state)
{
    (void)state;
    struct setting s = open_all();
    struct ear first = {0}, second = {0};
    struct kube_call *call = watch(&s, SOON_MS, &first);
    watch(&s, SOON_MS, &second);
    while (api_watches(s.api, SECRETS) < 2)
        kube_loop_wait(s.loop, -1, clock_lived_ms() + 10);
    first.cancels = call; /* itself, with events left over */
    api_push(s.api, SECRETS, LIT(ADDED ADDED ADDED), 1);
    wait_until(&s, &second.lines, 3);
    wait_until(&s, &first.lines, 1);
    assert_int_equal(first.lines, 1);
    assert_int_equal(first.ends, 0);
    close_all(&s);
}

static void write_token(const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/token", directory);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void tokens_are_renewed_once(void **state)
{
    (void)state;
    struct setting s = open_all();
    struct ear ear = {0}, seen = {0};
    char path[256];
    kube_loop_free(s.loop);
    kube_close(s.kube);
    snprintf(path, sizeof path, "%s/tokenFile.kubeconfig", directory);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f,
            "current-context: test\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:%u', "
            "certificate-authority: ca.crt}}]\nusers: [{name: u, user: {tokenFile: token}}]\n"
            "contexts: [{name: test, context: {cluster: c, user: u}}]\n",
            api_port(s.api));
    fclose(f);
    write_token("token");
    struct error error = {0};
    struct kube_limits limits = kube_defaults();
    s.kube = kube_open(&(struct kube_place){.kubeconfig = path}, &limits, &error);
    assert_string_equal(error.text, "");
    s.loop = kube_loop_new(s.kube);
    start(&s, (struct kube_request){.name = LIT("none")}, &ear);
    wait_until(&s, &ear.ends, 1);
    assert_int_equal(ear.outcome, KUBE_NOT_FOUND);
    api_set_token(s.api, "newer");
    write_token("newer");
    watch(&s, SOON_MS, &seen);
    assert_int_equal(seen.ends, 0);
    assert_int_equal(api_count(s.api, "GET " SECRETS), 3);
    api_set_token(s.api, "newest");
    start(&s, (struct kube_request){.name = LIT("none")}, &ear);
    wait_until(&s, &ear.ends, 2);
    assert_int_equal(ear.outcome, KUBE_FORBIDDEN);
    assert_int_equal(ear.status, 401);
    close_all(&s);
    unlink(path);
    snprintf(path, sizeof path, "%s/token", directory);
    unlink(path);
}

static void a_descriptor_or_the_deadline_ends_the_wait(void **state)
{
    (void)state;
    struct setting s = open_all();
    struct ear ear = {0};
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    watch(&s, SOON_MS, &ear);
    uint64_t deadline = clock_lived_ms() + 50;
    while (clock_lived_ms() < deadline)
        kube_loop_wait(s.loop, ends[0], deadline);
    assert_int_equal(write(ends[1], "x", 1), 1);
    kube_loop_wait(s.loop, ends[0], UINT64_MAX); /* returns */
    close(ends[0]);
    close(ends[1]);
    close_all(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_has_its_own_answer),
        cmocka_unit_test(lines_come_whole_however_they_are_cut),
        cmocka_unit_test(a_watch_that_is_silent_or_says_too_much_ends),
        cmocka_unit_test(nothing_is_sent_after_its_deadline),
        cmocka_unit_test(a_watch_that_is_refused_says_why),
        cmocka_unit_test(a_cut_and_a_restart_are_ends_and_not_more),
        cmocka_unit_test(calls_may_be_cancelled_from_callbacks),
        cmocka_unit_test(tokens_are_renewed_once),
        cmocka_unit_test(a_descriptor_or_the_deadline_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
