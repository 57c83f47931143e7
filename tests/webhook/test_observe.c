/* Probes, metrics and log lines, as an operator sees them. */
#include "check.h"

#include "fixture.h"
#include "log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void review(struct fixture *f, const char *path, const char *body)
{
    char text[512];
    assert_true(peer_ask(f->port, NULL, peer_post(text, sizeof text, path, slice_of(body))).status > 0);
}

static void probes_answer(void **state)
{
    (void)state;
    struct fixture f;
    fixture_new(&f);
    fixture_start(&f);
    assert_int_equal(fixture_health(&f, "/livez"), 200);
    assert_int_equal(fixture_health(&f, "/readyz"), 200);
    assert_int_equal(fixture_health(&f, "/readyz?verbose"), 200);
    assert_int_equal(fixture_health(&f, "/validate"), 404);
    assert_int_equal(peer_ask(f.health, &(struct peer_options){.plain = true},
                              LIT("POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"))
                         .status,
                     405);
    struct peer p; /* a scraper keeps its connection */
    assert_true(peer_open(&p, f.health, &(struct peer_options){.plain = true}));
    for (size_t i = 0; i < 3; i++) {
        assert_true(peer_send(&p, LIT("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")));
        assert_int_equal(peer_reply(&p).status, 200);
    }
    peer_close(&p);
    server_drain(f.server);
    assert_int_equal(fixture_health(&f, "/livez"), 200);
    assert_int_equal(fixture_health(&f, "/readyz"), 503);
    char text[512];
    struct reply r = peer_ask(f.port, NULL, peer_post(text, sizeof text, "/validate", LIT("x")));
    assert_int_equal(r.status, 200);
    assert_true(r.closing);
    server_quiesce(f.server);
    assert_int_equal(peer_dial(f.port), -1);
    assert_true(fixture_becomes(&f, "brgate_webhook_connections", 0));
    assert_false(server_busy(f.server));
    fixture_end(&f);
}

static void reviews_are_counted(void **state)
{
    (void)state;
    struct fixture f;
    fixture_new(&f);
    fixture_start(&f);
    for (size_t i = 0; i < 3; i++)
        review(&f, "/validate", "deny");
    review(&f, "/validate", "deny in a dry run");
    review(&f, "/validate", "watch");
    review(&f, "/mutate", "x");
    review(&f, "/mutate", "junk");
    review(&f, "/mutate", "fail");
    static const struct {
        const char *sample;
        double value;
    } rows[] = {
#define REQUESTS(endpoint, verdict)                                                                          \
    "brgate_webhook_requests_total{endpoint=\"" endpoint                                                     \
    "\",operation=\"CREATE\",kind=\"Backup\",verdict=\"" verdict "\",dry_run=\"false\"}"
        {REQUESTS("validate", "denied"), 3},
        {REQUESTS("validate", "allowed"), 0}, /* from zero: an alert sees the first event */
        {REQUESTS("validate", "would_deny"), 1},
        {"brgate_webhook_requests_total{endpoint=\"validate\",operation=\"CREATE\",kind=\"Backup\",verdict="
         "\"denied\",dry_run=\"true\"}",
         1},
        {"brgate_webhook_requests_total{endpoint=\"mutate\",operation=\"other\",kind=\"other\",verdict="
         "\"failed\",dry_run=\"false\"}",
         0},
        {"brgate_webhook_rule_hits_total{endpoint=\"validate\",rule=\"first-rule\",severity=\"would_deny\","
         "dry_run=\"false\"}",
         1},
        {"brgate_webhook_rule_hits_total{endpoint=\"validate\",rule=\"first-rule\",severity=\"error\","
         "dry_run=\"true\"}",
         2},
        {"brgate_webhook_policy_info{sha256=\"5e1f\",enforcement=\"deny\"}", 1},
        {REQUESTS("mutate", "allowed"), 1},
        {REQUESTS("mutate", "malformed"), 1},
        {REQUESTS("mutate", "failed"), 1},
        {"brgate_webhook_rule_hits_total{endpoint=\"validate\",rule=\"first-rule\",severity=\"error\",dry_"
         "run=\"false\"}",
         6},
        {"brgate_webhook_rule_hits_total{endpoint=\"validate\",rule=\"second-rule\",severity=\"warning\",dry_"
         "run=\"false\"}",
         3},
        {"brgate_webhook_rule_hits_total{endpoint=\"validate\",rule=\"second-rule\",severity=\"error\",dry_"
         "run=\"false\"}",
         -1},
        {"brgate_webhook_review_duration_seconds_count{endpoint=\"validate\"}", 5},
        {"brgate_webhook_review_duration_seconds_bucket{endpoint=\"validate\",le=\"+Inf\"}", 5},
        {"brgate_webhook_handshakes_total", 8},
        {"brgate_webhook_connections_total", 8},
        {"brgate_webhook_requests_in_flight", 0},
        {"brgate_webhook_ready", 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_row(rows[i].sample, fixture_becomes(&f, rows[i].sample, rows[i].value));
    fixture_end(&f);
}

/* One line of the exposition format: a comment, or name{label="value",...} number. */
static bool is_sample(const char *line, const char *end)
{
    const char *name = "abcdefghijklmnopqrstuvwxyz_:ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    const char *at = line + strspn(line, name);
    if (at == line)
        return false;
    if (*at == '{') {
        do {
            at++;
            size_t n = strspn(at, name);
            if (!n || strncmp(at + n, "=\"", 2) != 0)
                return false;
            at = strchr(at + n + 2, '"') + 1;
        } while (*at == ',');
        if (*at++ != '}')
            return false;
    }
    char *rest;
    if (*at++ != ' ')
        return false;
    strtod(at, &rest);
    return rest == end;
}

static void the_page_is_what_prometheus_reads(void **state)
{
    (void)state;
    struct fixture f;
    struct peer p;
    fixture_new(&f);
    fixture_start(&f);
    review(&f, "/validate", "deny");
    assert_true(peer_open(&p, f.health, &(struct peer_options){.plain = true}));
    assert_true(peer_send(&p, LIT("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")));
    static char page[1 << 18];
    size_t n = 0;
    ssize_t got;
    while ((got = read(p.fd, page + n, sizeof page - 1 - n)) > 0)
        n += (size_t)got;
    page[n] = '\0';
    assert_non_null(strstr(page, "text/plain; version=0.0.4"));
    char family[128] = "";
    double below = 0;
    size_t samples = 0;
    for (char *line = strstr(page, "\r\n\r\n") + 4, *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        if (strncmp(line, "# TYPE ", 7) == 0) {
            snprintf(family, sizeof family, "%.*s", (int)strcspn(line + 7, " "), line + 7);
            below = 0;
        }
        if (*line == '#')
            continue;
        samples++;
        assert_row(line, is_sample(line, end));
        assert_row(line, strncmp(line, family, strlen(family)) == 0);
        if (strstr(line, "_bucket{endpoint=\"validate\"")) {
            double value = strtod(strrchr(line, ' '), NULL);
            assert_row(line, value >= below);
            below = value;
        }
    }
    assert_true(samples > 60);
    peer_close(&p);
    fixture_end(&f);
}

/* Every number becomes 9, so that times and durations compare. */
static void mask(char *text)
{
    for (char *p = text; *p; p++)
        if (*p >= '0' && *p <= '9') {
            char *end = p + strspn(p, "0123456789");
            *p = '9';
            memmove(p + 1, end, strlen(end) + 1);
        }
}

static void clock_text(char ret[32])
{
    struct timespec now;
    struct tm t;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &t);
    size_t n = strftime(ret, 32, "%Y-%m-%dT%H:%M:%S", &t);
    snprintf(ret + n, 32 - n, ".%03dZ", (int)(now.tv_nsec / 1000000));
}

static void lines_tell_when(void **state)
{
    (void)state;
    char before[32], after[32], time[32] = "";
    struct fixture f;
    fixture_new(&f);
    f.options.text_log = true;
    clock_text(before);
    fixture_start(&f);
    server_stop(f.server);
    f.server = NULL;
    clock_text(after);
    assert_int_equal(sscanf(fixture_log(&f), "%31s", time), 1);
    assert_int_equal(strlen(time), strlen(before));
    assert_row(time, strcmp(time, before) >= 0);
    assert_row(time, strcmp(time, after) <= 0);
    fixture_end(&f);
}

static void lines_tell_what_happened_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        bool text;
        const char *body, *line;
    } rows[] = {
        {false, "deny secret",
         "\n{\"time\":\"9-9-9T9:9:9.9Z\",\"level\":\"info\",\"event\":\"review\",\"endpoint\":"
         "\"/validate\",\"verdict\":\"denied\",\"uid\":\"u-9\",\"operation\":\"CREATE\",\"kind\":\"Backup\","
         "\"namespace\":\"ns\",\"name\":\"a\\\"b\\nc\",\"user\":\"system:serviceaccount:ns:op\",\"errors\":["
         "\"first-rule\"],\"warnings\":"
         "[\"second-rule\"],\"findings\":9,\"microseconds\":9}\n"},
        {false, "watch secret in a dry run",
         "\n{\"time\":\"9-9-9T9:9:9.9Z\",\"level\":\"info\",\"event\":\"review\",\"endpoint\":"
         "\"/"
         "validate\",\"verdict\":\"would_deny\",\"uid\":\"u-9\",\"operation\":\"CREATE\",\"kind\":\"Backup\","
         "\"namespace\":\"ns\",\"name\":\"a\\\"b\\nc\",\"user\":\"system:serviceaccount:ns:op\",\"dryRun\":"
         "true,"
         "\"errors\":[],\"wouldDeny\":[\"first-rule\"],\"warnings\":[],\"findings\":9,\"microseconds\":9}\n"},
        {true, "watch",
         "\n9-9-9T9:9:9.9Z validate would_deny CREATE Backup ns/a\"b?c in 9 us, uid u-9, user "
         "system:serviceaccount:ns:op; would deny first-rule\n"},
        {false, "fail",
         "\n{\"time\":\"9-9-9T9:9:9.9Z\",\"level\":\"error\",\"event\":\"review\",\"endpoint\":"
         "\"/validate\",\"verdict\":\"failed\",\"uid\":\"u-9\",\"operation\":\"CREATE\",\"kind\":\"Backup\","
         "\"namespace\":\"ns\",\"name\":\"a\\\"b\\nc\",\"user\":\"system:serviceaccount:ns:op\",\"error\":"
         "\"the handler returned no answer\","
         "\"errors\":[],\"warnings\":[],\"findings\":9,\"microseconds\":9}\n"},
        {true, "deny secret",
         "\n9-9-9T9:9:9.9Z validate denied CREATE Backup ns/a\"b?c in 9 us, uid u-9, user "
         "system:serviceaccount:ns:op; "
         "error first-rule, warning second-rule\n"},
        {true, "forge",
         "\n9-9-9T9:9:9.9Z validate allowed CREATE Backup ns/x?in?9?us,?uid?forged????? in 9 us, uid u-9, "
         "user system:serviceaccount:ns:op\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        fixture_new(&f);
        f.options.text_log = rows[i].text;
        fixture_start(&f);
        review(&f, "/validate", rows[i].body);
        server_stop(f.server);
        f.server = NULL;
        static char log[1 << 16];
        snprintf(log, sizeof log, "%s", fixture_log(&f));
        mask(log);
        if (!strstr(log, rows[i].line))
            print_error("got: %s\nwant: %s\n", log, rows[i].line);
        assert_row(rows[i].body, strstr(log, rows[i].line) != NULL);
        assert_row(rows[i].body, strstr(log, "secret") == NULL);
        fixture_end(&f);
    }
}

/* Lines below the level that is asked for are not written; an error always is. */
static void lines_have_levels(void **state)
{
    (void)state;
    static const struct {
        enum log_level least;
        bool started, denied, failed;
    } rows[] = {{LOG_LEVEL_INFO, true, true, true},
                {LOG_LEVEL_WARNING, false, false, true},
                {LOG_LEVEL_ERROR, false, false, true}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        fixture_new(&f);
        f.options.log_level = rows[i].least;
        fixture_start(&f);
        review(&f, "/validate", "deny");
        review(&f, "/validate", "fail");
        server_stop(f.server);
        f.server = NULL;
        const char *log = fixture_log(&f);
        assert_row(log, (strstr(log, "\"event\":\"started\"") != NULL) == rows[i].started);
        assert_row(log, (strstr(log, "\"verdict\":\"denied\"") != NULL) == rows[i].denied);
        assert_row(log, (strstr(log, "\"verdict\":\"failed\"") != NULL) == rows[i].failed);
        fixture_end(&f);
    }
}

static size_t occurrences(const char *text, const char *words)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, words)); at++)
        n++;
    return n;
}

/* Garbage that anyone can send must not drown the lines of others. */
static void garbage_does_not_fill_the_log(void **state)
{
    (void)state;
    enum { GARBAGE = 500 };
    struct fixture f;
    struct peer p;
    char text[512];
    fixture_new(&f);
    fixture_start(&f);
    assert_true(peer_open(&p, f.port, NULL));
    for (size_t i = 0; i < GARBAGE; i++) {
        assert_true(peer_send(&p, peer_post(text, sizeof text, "/validate", LIT("junk"))));
        assert_int_equal(peer_reply(&p).status, 400);
    }
    review(&f, "/validate", "deny");
    peer_close(&p);
    double left_out = fixture_metric(&f, "brgate_webhook_log_lines_left_out_total");
    server_stop(f.server);
    f.server = NULL;
    const char *log = fixture_log(&f);
    size_t lines = occurrences(log, "\"verdict\":\"malformed\"");
    assert_int_equal(occurrences(log, "\"verdict\":\"denied\""), 1);
    assert_true(lines >= 20);
    assert_true(lines + (size_t)left_out == GARBAGE);
    size_t told = 0;
    for (const char *at = log; (at = strstr(at, "\"left-out\",\"message\":\"")); at++)
        told += strtoul(at + strlen("\"left-out\",\"message\":\""), NULL, 10);
    assert_int_equal(lines + told, GARBAGE);
    fixture_end(&f);
}

static void a_reader_that_stalls_costs_lines_and_nothing_else(void **state)
{
    (void)state;
    enum { REVIEWS = 3000 };
    struct fixture f;
    struct peer p;
    char text[512];
    fixture_new(&f);
    fcntl(f.log[1], F_SETPIPE_SZ, 4096); /* nobody reads it */
    fixture_start(&f);
    assert_true(peer_open(&p, f.port, NULL));
    for (size_t i = 0; i < REVIEWS; i++) {
        assert_true(
            peer_send(&p, peer_post(text, sizeof text, "/validate", i % 2 ? LIT("deny") : LIT("allow"))));
        assert_int_equal(peer_reply(&p).status, 200);
    }
    assert_true(fixture_metric(&f, "brgate_webhook_log_lines_dropped_total") > 0);
    assert_true(
        fixture_becomes(&f, "brgate_webhook_review_duration_seconds_count{endpoint=\"validate\"}", REVIEWS));
    peer_close(&p);
    fixture_end(&f); /* does not wait for the reader forever */
}

static void a_reader_that_is_gone_is_not_missed(void **state)
{
    (void)state;
    struct fixture f;
    fixture_new(&f);
    fixture_start(&f);
    close(f.log[0]);
    f.log[0] = -1;
    for (size_t i = 0; i < 3; i++)
        review(&f, "/validate", "deny");
    assert_true(fixture_becomes(&f,
                                "brgate_webhook_rule_hits_total{endpoint=\"validate\",rule=\"second-rule\","
                                "severity=\"warning\",dry_run=\"false\"}",
                                3));
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probes_answer),
        cmocka_unit_test(reviews_are_counted),
        cmocka_unit_test(the_page_is_what_prometheus_reads),
        cmocka_unit_test(lines_tell_when),
        cmocka_unit_test(lines_tell_what_happened_and_nothing_else),
        cmocka_unit_test(lines_have_levels),
        cmocka_unit_test(garbage_does_not_fill_the_log),
        cmocka_unit_test(a_reader_that_stalls_costs_lines_and_nothing_else),
        cmocka_unit_test(a_reader_that_is_gone_is_not_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
