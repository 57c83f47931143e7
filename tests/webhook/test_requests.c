/* Requests byte by byte, and their answers. */
#include "check.h"

#include "fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define POST(headers, body) "POST /validate HTTP/1.1\r\nHost: a\r\n" headers "\r\n" body
#define JSON                "Content-Type: application/json\r\n"
#define FOUR                "Content-Length: 4\r\n"

/* DROPPED: refused by libmicrohttpd itself, which sends its head twice (0.9.75) and closes. */
enum after { KEPT, CLOSED, DROPPED };

struct row {
    const char *label;
    slice bytes;
    int status;
    enum after after;
};

static const struct row rows[] = {
    {"a review", SLICE(POST(JSON FOUR, "abcd")), 200, KEPT},
    {"query", SLICE("POST /validate?timeout=10s HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"), 200, KEPT},
    {"other endpoint", SLICE("POST /mutate HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"), 200, KEPT},
    {"denied", SLICE(POST(JSON FOUR, "deny")), 200, KEPT},
    {"empty body", SLICE(POST(JSON "Content-Length: 0\r\n", "")), 200, KEPT},
    {"no review", SLICE(POST(JSON FOUR, "junk")), 400, KEPT},
    {"handler without answer", SLICE(POST(JSON FOUR, "fail")), 500, KEPT},
    {"bare line feeds",
     SLICE("POST /validate HTTP/1.1\nHost: a\nContent-Type: application/json\n"
           "Content-Length: 4\n\nabcd"),
     400, CLOSED},
    {"folded header", SLICE(POST(JSON "X-A: b\r\n c\r\n" FOUR, "abcd")), 400, CLOSED},
    {"HTTP/1.0", SLICE("POST /validate HTTP/1.0\r\n" JSON FOUR "\r\nabcd"), 200, CLOSED},
    {"client closes", SLICE(POST(JSON FOUR "Connection: close\r\n", "abcd")), 200, CLOSED},

    /* The end of the body must not be in doubt. */
    {"length and chunked, then a second request",
     SLICE(POST(JSON FOUR "Transfer-Encoding: chunked\r\n",
                "0\r\n\r\nPOST /mutate HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd")),
     501, CLOSED},
    {"chunked", SLICE(POST(JSON "Transfer-Encoding: chunked\r\n", "4\r\nabcd\r\n0\r\n\r\n")), 501, CLOSED},
    {"xchunked", SLICE(POST(JSON "Transfer-Encoding: xchunked\r\n", "")), 501, CLOSED},
    {"gzip, chunked", SLICE(POST(JSON "Transfer-Encoding: gzip, chunked\r\n", "")), 501, CLOSED},
    {"transfer encoding in capitals", SLICE(POST(JSON FOUR "TRANSFER-ENCODING: identity\r\n", "abcd")), 501,
     CLOSED},
    {"transfer encoding before a colon", SLICE(POST(JSON FOUR "Transfer-Encoding : chunked\r\n", "abcd")),
     400, CLOSED},
    {"two lengths", SLICE(POST(JSON FOUR "Content-Length: 5\r\n", "abcde")), 400, CLOSED},
    {"the same length twice", SLICE(POST(JSON FOUR FOUR, "abcd")), 400, CLOSED},
    {"blank before the colon", SLICE(POST(JSON "Content-Length : 4\r\n", "abcd")), 400, CLOSED},
    {"no length", SLICE(POST(JSON, "")), 411, CLOSED},
    {"signed length", SLICE(POST(JSON "Content-Length: +4\r\n", "abcd")), 400, DROPPED},
    {"negative length", SLICE(POST(JSON "Content-Length: -4\r\n", "abcd")), 400, DROPPED},
    {"list of lengths", SLICE(POST(JSON "Content-Length: 4, 4\r\n", "abcd")), 400, DROPPED},
    {"hexadecimal length", SLICE(POST(JSON "Content-Length: 0x4\r\n", "abcd")), 400, DROPPED},
    {"endless length", SLICE(POST(JSON "Content-Length: 99999999999999999999999\r\n", "")), 413, DROPPED},
    {"one byte too large", SLICE(POST(JSON "Content-Length: 8388609\r\n", "")), 413, CLOSED},
    {"too large, with Expect", SLICE(POST(JSON "Content-Length: 8388609\r\nExpect: 100-continue\r\n", "")),
     413, CLOSED},

    {"no host", SLICE("POST /validate HTTP/1.1\r\n" JSON FOUR "\r\nabcd"), 400, CLOSED},
    {"empty host", SLICE("POST /validate HTTP/1.1\r\nHost:\r\n" JSON FOUR "\r\nabcd"), 400, CLOSED},
    {"two hosts", SLICE(POST("Host: b\r\n" JSON FOUR, "abcd")), 400, CLOSED},
    {"host with a path", SLICE("POST /validate HTTP/1.1\r\nHost: a/b\r\n" JSON FOUR "\r\nabcd"), 400, CLOSED},
    {"host with port", SLICE("POST /validate HTTP/1.1\r\nHost: hook.ns.svc:443\r\n" JSON FOUR "\r\nabcd"),
     200, KEPT},
    {"IPv6 host", SLICE("POST /validate HTTP/1.1\r\nHost: [::1]:443\r\n" JSON FOUR "\r\nabcd"), 200, KEPT},
    {"NUL in a value", SLICE(POST(JSON FOUR "X-A: b\0c\r\n", "abcd")), 400, CLOSED},
    {"NUL at the end", SLICE(POST(JSON FOUR "X-A: b\0\r\n", "abcd")), 400, CLOSED},
    {"NUL in the length", SLICE(POST(JSON "Content-Length: 4\0000\r\n", "abcd")), 400, CLOSED},
    {"blanks around a value", SLICE(POST(JSON FOUR "X-A: \t b \r\nX-B:\r\n", "abcd")), 200, KEPT},
    {"a bare carriage return in a value",
     SLICE(POST(JSON FOUR "X-A: b\rTransfer-Encoding: chunked\r\n", "abcd")), 400, CLOSED},
    {"a bare carriage return at the end", SLICE(POST(JSON FOUR "X-A: b\r\r\n", "abcd")), 400, CLOSED},
    {"a bare carriage return at the begin", SLICE(POST(JSON FOUR "X-A: \rb\r\n", "abcd")), 400, CLOSED},
    {"a control character in a value", SLICE(POST(JSON FOUR "X-A: b\x01\r\n", "abcd")), 400, CLOSED},
    {"DEL in a value", SLICE(POST(JSON FOUR "X-A: b\x7f\r\n", "abcd")), 400, CLOSED},
    {"a tab and Latin letters in a value", SLICE(POST(JSON FOUR "X-A: b\tc\xe9\r\n", "abcd")), 200, KEPT},
    {"a space in a name", SLICE(POST(JSON FOUR "X A: b\r\n", "abcd")), 400, CLOSED},
    {"a bare carriage return in a name", SLICE(POST(JSON FOUR "X\rA: b\r\n", "abcd")), 400, CLOSED},
    {"a bracket in a name", SLICE(POST(JSON FOUR "X[A]: b\r\n", "abcd")), 400, CLOSED},
    {"NUL in a name", SLICE(POST(JSON FOUR "X\0A: b\r\n", "abcd")), 400, CLOSED},
    {"one bare line feed", SLICE(POST(JSON FOUR "X-A: b\n", "abcd")), 400, CLOSED},
    {"NUL in the type", SLICE(POST("Content-Type: application/json\0x\r\n" FOUR, "abcd")), 400, CLOSED},

    {"GET", SLICE("GET /validate HTTP/1.1\r\nHost: a\r\n\r\n"), 405, CLOSED},
    {"PUT", SLICE("PUT /validate HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"), 405, CLOSED},
    {"method in small letters", SLICE("post /validate HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"), 405,
     CLOSED},
    {"other path", SLICE("POST /metrics HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"), 404, CLOSED},
    {"longer path", SLICE("POST /validate/x HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"), 404, CLOSED},
    {"path with an escaped NUL", SLICE("POST /validate%00 HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"), 404,
     CLOSED},

    {"NUL in the path", SLICE("POST /validate\0/x HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"), 400,
     CLOSED},
    {"NUL in the query", SLICE("POST /validate?a\0b HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"), 400,
     CLOSED},
    {"NUL in the method", SLICE("POST\0X /validate HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"), 400,
     CLOSED},
    {"two spaces before the path", SLICE("POST  /validate HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"), 400,
     CLOSED},
    {"two spaces behind the path", SLICE("POST /validate  HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"), 400,
     CLOSED},
    {"a space in the query", SLICE("POST /validate?a b HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"), 400,
     CLOSED},
    {"a tab in the path", SLICE("POST /validate\t HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"), 400,
     CLOSED},
    {"a carriage return in the query",
     SLICE("POST /validate?\r HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"), 400, CLOSED},
    {"a line feed behind the version", SLICE("POST /validate HTTP/1.1\nHost: a\r\n" JSON FOUR "\r\nabcd"),
     400, CLOSED},
    {"escapes in the query", SLICE("POST /validate?a=%00%20&b HTTP/1.1\r\nHost: a\r\n" JSON FOUR "\r\nabcd"),
     200, KEPT},
    {"an empty line before the request", SLICE("\r\n" POST(JSON FOUR, "abcd")), 200, KEPT},

    {"no type", SLICE(POST(FOUR, "abcd")), 415, CLOSED},
    {"other type", SLICE(POST("Content-Type: text/plain\r\n" FOUR, "abcd")), 415, CLOSED},
    {"longer type", SLICE(POST("Content-Type: application/jsonp\r\n" FOUR, "abcd")), 415, CLOSED},
    {"two types", SLICE(POST(JSON JSON FOUR, "abcd")), 415, CLOSED},
    {"type with a parameter", SLICE(POST("Content-Type: Application/JSON ; charset=utf-8\r\n" FOUR, "abcd")),
     200, KEPT},
    {"unknown expectation", SLICE(POST(JSON FOUR "Expect: the-unexpected\r\n", "abcd")), 417, CLOSED},
};

/* Whether the connection still answers, or has ended without another word. */
static bool is_after(struct peer *p, enum after after)
{
    if (after == CLOSED)
        return peer_ended(p);
    if (after == DROPPED)
        return peer_reply(p).status == 0;
    return peer_send(p, LIT(POST(JSON FOUR, "abcd"))) && peer_reply(p).status == 200;
}

static void every_row_is_answered_as_it_should(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct peer p;
        assert_row(rows[i].label, peer_open(&p, f->port, NULL));
        peer_send(&p, rows[i].bytes);
        struct reply r = peer_reply(&p);
        if (r.status != rows[i].status)
            print_error("%s: got %d, want %d\n%s%s\n", rows[i].label, r.status, rows[i].status, r.head,
                        r.body);
        assert_row(rows[i].label, r.status == rows[i].status);
        assert_row(rows[i].label, is_after(&p, rows[i].after));
        peer_close(&p);
    }
}

static void a_connection_serves_many(void **state)
{
    struct fixture *f = *state;
    struct peer p;
    char text[512], body[64];
    assert_true(peer_open(&p, f->port, NULL));
    for (size_t i = 0; i < 300; i++) {
        size_t n = i % 40;
        memset(body, 'x', n);
        assert_true(
            peer_send(&p, peer_post(text, sizeof text, i % 2 ? "/mutate" : "/validate", (slice){body, n})));
        struct reply r = peer_reply(&p);
        snprintf(text, sizeof text, "{\"endpoint\":%zu,\"bytes\":%zu}", i % 2, n);
        assert_int_equal(r.status, 200);
        assert_string_equal(r.body, text);
    }
    peer_close(&p);
}

static void requests_in_one_packet_are_answered_in_order(void **state)
{
    struct fixture *f = *state;
    struct peer p;
    assert_true(peer_open(&p, f->port, NULL));
    peer_send(&p, LIT(POST(JSON FOUR, "abcd") "POST /mutate HTTP/1.1\r\nHost: a\r\n" JSON
                                              "Content-Length: 5\r\n\r\nabcde" POST(JSON FOUR, "junk")));
    assert_string_equal(peer_reply(&p).body, "{\"endpoint\":0,\"bytes\":4}");
    assert_string_equal(peer_reply(&p).body, "{\"endpoint\":1,\"bytes\":5}");
    assert_int_equal(peer_reply(&p).status, 400);
    peer_close(&p);
}

/* "That was all": in TLS (close_notify), in TCP (FIN), or both. The answer comes all the same. */
static void who_has_said_all_is_answered(void **state)
{
    struct fixture *f = *state;
    static const char *const versions[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.3", "NORMAL:-VERS-ALL:+VERS-TLS1.2"};
    for (size_t i = 0; i < 3 * COUNT(versions); i++) {
        struct peer p;
        bool tls = i % 3 != 0, tcp = i % 3 != 1;
        assert_true(peer_open(&p, f->port, &(struct peer_options){.priority = versions[i / 3]}));
        assert_true(peer_send(&p, LIT(POST(JSON FOUR, "abcd"))));
        if (tls)
            gnutls_bye(p.session, GNUTLS_SHUT_WR);
        if (tcp)
            shutdown(p.fd, SHUT_WR);
        struct reply r = peer_reply(&p);
        if (r.status != 200)
            print_error("%s: close_notify %d, FIN %d: %d\n", versions[i / 3], tls, tcp, r.status);
        assert_int_equal(r.status, 200);
        peer_close(&p);
    }
}

static void a_body_may_be_announced(void **state)
{
    struct fixture *f = *state;
    struct peer p;
    assert_true(peer_open(&p, f->port, NULL));
    peer_send(&p, LIT(POST(JSON FOUR "Expect: 100-continue\r\n", "")));
    peer_send(&p, LIT("ab"));
    peer_send(&p, LIT("cd"));
    struct reply r = peer_reply(&p);
    assert_non_null(strstr(r.head, " 100 "));
    assert_int_equal(r.status, 200);
    peer_close(&p);
}

static void bodies_of_every_size_arrive(void **state)
{
    struct fixture *f = *state;
    static const size_t sizes[] = {1, 16 << 10, (16 << 10) + 1, 65535, 65536, 65537, 1 << 20, 8 << 20};
    char *text = malloc((8 << 20) + 512), want[64];
    memset(text, 'x', (8 << 20) + 512);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct peer p;
        assert_true(peer_open(&p, f->port, NULL));
        char head[512];
        int n = snprintf(head, sizeof head, POST(JSON "Content-Length: %zu\r\n", ""), sizes[i]);
        assert_true(peer_send(&p, (slice){head, (size_t)n}));
        assert_true(peer_send(&p, (slice){text, sizes[i]}));
        snprintf(want, sizeof want, "{\"endpoint\":0,\"bytes\":%zu}", sizes[i]);
        assert_string_equal(peer_reply(&p).body, want);
        peer_close(&p);
    }
    free(text);
}

/* The client sends on while the answer is already there; nothing may take that away from it. */
static void a_refusal_survives_the_rest_of_the_body(void **state)
{
    struct fixture *f = *state;
    enum { BODY = 12 << 20 };
    char *text = calloc(1, BODY);
    char head[512];
    int n = snprintf(head, sizeof head, POST(JSON "Content-Length: %d\r\n", ""), BODY);
    for (size_t i = 0; i < 10; i++) {
        struct peer p;
        assert_true(peer_open(&p, f->port, NULL));
        assert_true(peer_send(&p, (slice){head, (size_t)n}));
        assert_true(peer_send(&p, (slice){text, BODY}));
        assert_int_equal(peer_reply(&p).status, 413);
        peer_close(&p);
    }
    free(text);
}

static void large_answers_arrive_whole(void **state)
{
    struct fixture *f = *state;
    char text[512];
    struct reply r = peer_ask(f->port, NULL, peer_post(text, sizeof text, "/validate", LIT("large")));
    assert_int_equal(r.status, 200);
    assert_int_equal(r.body_length, 4 << 20);
}

/* The socket is full when the next answer begins: parts of its headers and of its body go out at different times. */
static void answers_follow_each_other_through_a_full_socket(void **state)
{
    struct fixture *f = *state;
    struct peer p;
    char text[512];
    assert_true(peer_open(&p, f->port, NULL));
    for (size_t i = 0; i < 8; i++)
        assert_true(
            peer_send(&p, peer_post(text, sizeof text, "/validate", i % 2 ? LIT("x") : LIT("large"))));
    for (size_t i = 0; i < 8; i++) {
        struct reply r = peer_reply(&p);
        assert_int_equal(r.status, 200);
        assert_int_equal(r.body_length, i % 2 ? strlen("{\"endpoint\":0,\"bytes\":1}") : 4 << 20);
    }
    peer_close(&p);
}

static void a_flood_of_headers_is_refused(void **state)
{
    struct fixture *f = *state;
    struct peer p;
    char line[1024];
    memset(line, 'x', sizeof line);
    memcpy(line, "X-A: ", 5);
    memcpy(line + sizeof line - 2, "\r\n", 2);
    assert_true(peer_open(&p, f->port, NULL));
    peer_send(&p, LIT("POST /validate HTTP/1.1\r\nHost: a\r\n"));
    for (size_t i = 0; i < 200; i++)
        if (!peer_send(&p, (slice){line, sizeof line}))
            break;
    struct reply r = peer_reply(&p); /* libmicrohttpd's own answer, which a reset may overtake */
    assert_true(r.status == 431 || r.status == 0);
    peer_close(&p);
    assert_int_equal(peer_ask(f->port, NULL, LIT(POST(JSON FOUR, "abcd"))).status, 200);
}

static void both_versions_of_tls_are_spoken(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *priority;
        int status;
    } versions[] = {{"NORMAL:-VERS-ALL:+VERS-TLS1.3", 200},
                    {"NORMAL:-VERS-ALL:+VERS-TLS1.2", 200},
                    {"NORMAL:-VERS-ALL:+VERS-TLS1.1", 0},
                    {"NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC", 0}};
    for (size_t i = 0; i < COUNT(versions); i++) {
        struct reply r = peer_ask(f->port, &(struct peer_options){.priority = versions[i].priority},
                                  LIT(POST(JSON FOUR, "abcd")));
        assert_row(versions[i].priority, r.status == versions[i].status);
    }
    /* Plain HTTP on the TLS port is not answered. */
    assert_int_equal(
        peer_ask(f->port, &(struct peer_options){.plain = true}, LIT(POST(JSON FOUR, "abcd"))).status, 0);
}

/* A resumed session would not show the client's certificate again. */
static void sessions_are_not_resumed(void **state)
{
    struct fixture *f = *state;
    static const char *const versions[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.3", "NORMAL:-VERS-ALL:+VERS-TLS1.2"};
    for (size_t i = 0; i < 2; i++) {
        struct peer p;
        assert_true(peer_open(&p, f->port, &(struct peer_options){.priority = versions[i]}));
        peer_send(&p, LIT(POST(JSON FOUR, "abcd")));
        assert_int_equal(peer_reply(&p).status, 200);
        assert_row(versions[i], !(gnutls_session_get_flags(p.session) & GNUTLS_SFLAGS_SESSION_TICKET));
        peer_close(&p);
    }
}

static void refusals_are_counted(void **state)
{
    struct fixture *f = *state;
    static const char *const reasons[] = {
        "path", "method", "media_type", "header", "length", "transfer_encoding", "expectation", "too_large"};
    for (size_t i = 0; i < COUNT(reasons); i++) {
        char sample[128];
        snprintf(sample, sizeof sample, "brgate_webhook_refused_total{reason=\"%s\"}", reasons[i]);
        assert_row(sample, fixture_metric(f, sample) >= 1);
    }
    assert_true(fixture_becomes(f, "brgate_webhook_requests_in_flight", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_answered_as_it_should),
        cmocka_unit_test(a_connection_serves_many),
        cmocka_unit_test(requests_in_one_packet_are_answered_in_order),
        cmocka_unit_test(who_has_said_all_is_answered),
        cmocka_unit_test(a_body_may_be_announced),
        cmocka_unit_test(bodies_of_every_size_arrive),
        cmocka_unit_test(a_refusal_survives_the_rest_of_the_body),
        cmocka_unit_test(large_answers_arrive_whole),
        cmocka_unit_test(answers_follow_each_other_through_a_full_socket),
        cmocka_unit_test(a_flood_of_headers_is_refused),
        cmocka_unit_test(both_versions_of_tls_are_spoken),
        cmocka_unit_test(sessions_are_not_resumed),
        cmocka_unit_test(refusals_are_counted),
    };
    return fixture_run(tests, COUNT(tests), NULL);
}
