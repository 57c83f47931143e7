/* Clients that are slow or many. A trickle keeps libmicrohttpd's own timeout from ever firing, so whatever ends here
 * was ended by our deadlines; the idle timeout is far longer than these tests wait. */
#include "check.h"

#include "fixture.h"
#include "listen.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD                                                                                                 \
    "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n"
#define REVIEW                                                                                               \
    "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\nabcd"

enum { TRICKLE_MS = 50, MOST_TRICKLES = PATIENCE_S * 1000 / TRICKLE_MS };

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Whether the server has closed: looked at without taking anything away. */
static bool is_closed(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

/* Sends one byte after the other until the server has had enough. */
static bool ends_under_trickle(struct peer *p, slice bytes)
{
    for (size_t i = 0; i < MOST_TRICKLES; i++) {
        if (!peer_send(p, slice_cut(bytes, i % bytes.n, 1)) || is_closed(p->fd))
            return true;
        pause_ms(TRICKLE_MS);
    }
    return false;
}

static bool ends_alone(struct peer *p)
{
    for (size_t i = 0; i < MOST_TRICKLES; i++) {
        if (is_closed(p->fd))
            return true;
        pause_ms(TRICKLE_MS);
    }
    return false;
}

static void slow_clients_end_at_the_deadline(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *label;
        bool plain;
        slice first, trickle;
        const char *reason;
    } rows[] = {
        {"silent before the handshake", true, {0}, {0}, "handshake_deadline"},
        {"slow handshake", true, SLICE("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), SLICE("\x01\x02\x03"),
         "handshake_deadline"},
        {"slow header", false, SLICE("POST /validate HTTP/1.1\r\n"), SLICE("X-A: b\r\n"), "request_deadline"},
        {"silent in the header", false, SLICE(HEAD), {0}, "request_deadline"},
        {"slow body", false, SLICE(HEAD "\r\n"), SLICE("x"), "request_deadline"},
        {"slow body of a refused path", false, SLICE("POST /x HTTP/1.1\r\nHost: a\r\nX-A: "), SLICE("x"),
         "request_deadline"},
    };
    struct peer idle;
    assert_true(peer_open(&idle, f->port, NULL));
    for (size_t i = 0; i < COUNT(rows); i++) {
        char sample[128];
        snprintf(sample, sizeof sample, "brgate_webhook_refused_total{reason=\"%s\"}", rows[i].reason);
        double before = fixture_metric(f, sample);
        struct peer p;
        assert_row(rows[i].label, peer_open(&p, f->port, &(struct peer_options){.plain = rows[i].plain}));
        assert_row(rows[i].label, peer_send(&p, rows[i].first));
        assert_row(rows[i].label,
                   rows[i].trickle.n ? ends_under_trickle(&p, rows[i].trickle) : ends_alone(&p));
        peer_close(&p);
        assert_row(rows[i].label, fixture_becomes(f, sample, before + 1));
    }
    /* Meanwhile this one has waited for longer than any of them was allowed to. */
    assert_true(peer_send(&idle, LIT(REVIEW)));
    assert_int_equal(peer_reply(&idle).status, 200);
    peer_close(&idle);
}

/* libmicrohttpd by itself would ask for the rest of the handshake without a pause. */
static void waiting_for_a_handshake_takes_no_processor(void **state)
{
    (void)state;
    struct fixture f;
    struct timespec before, after;
    fixture_new(&f);
    fixture_start(&f);
    int fd = peer_dial(f.port);
    assert_int_equal(send(fd, "\x16", 1, MSG_NOSIGNAL), 1);
    assert_true(fixture_becomes(&f, "brgate_webhook_connections", 1));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    pause_ms(400);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    double used = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    assert_true(used < 0.1);
    close(fd);
    fixture_end(&f);
}

static void an_answer_nobody_reads_ends_at_the_deadline(void **state)
{
    struct fixture *f = *state;
    static const char sample[] = "brgate_webhook_refused_total{reason=\"request_deadline\"}";
    double before = fixture_metric(f, sample);
    struct peer p;
    char text[512];
    int small = 4096;
    assert_true(peer_open(&p, f->port, NULL));
    setsockopt(p.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    peer_send(&p, peer_post(text, sizeof text, "/validate", LIT("large")));
    assert_true(fixture_becomes(f, sample, before + 1));
    peer_close(&p);
}

static void idle_connections_end_later(void **state)
{
    (void)state;
    struct fixture quick;
    struct peer silent, trickling;
    fixture_new(&quick);
    quick.options.idle_timeout = 300;
    fixture_start(&quick);
    assert_true(peer_open(&silent, quick.port, NULL));
    assert_true(ends_alone(&silent));
    peer_close(&silent);
    /* A request line that never ends is idle, and idle is absolute too. */
    assert_true(peer_open(&trickling, quick.port, NULL));
    assert_true(ends_under_trickle(&trickling, LIT("POST")));
    peer_close(&trickling);
    fixture_end(&quick);
}

static void idle_connections_make_room(void **state)
{
    (void)state;
    enum { MOST = 8 };
    struct fixture f;
    struct peer idle[MOST];
    fixture_new(&f);
    f.options.threads = 1;
    f.options.max_connections = MOST;
    fixture_start(&f);
    for (size_t i = 0; i < MOST; i++)
        assert_true(peer_open(&idle[i], f.port, NULL));
    assert_int_equal(peer_ask(f.port, NULL, LIT(REVIEW)).status, 200);
    for (size_t i = 0; i < MOST; i++)
        peer_close(&idle[i]);
    fixture_end(&f);
}

/* Which thread serves a connection is up to the system: until it is another than the slow review's. */
static struct reply answer_beside(struct fixture *f, struct peer *other)
{
    struct reply r = {0};
    for (size_t i = 0; i < MOST_TRICKLES && r.status != 429; i++) {
        struct peer slow;
        char text[512];
        peer_close(other);
        assert_true(peer_open(&slow, f->port, NULL));
        assert_true(peer_open(other, f->port, NULL));
        peer_send(&slow, peer_post(text, sizeof text, "/validate", LIT("slow")));
        assert_true(fixture_becomes(f, "brgate_webhook_requests_in_flight", 1));
        peer_send(other, LIT(REVIEW));
        r = peer_reply(other);
        assert_int_equal(peer_reply(&slow).status, 200);
        peer_close(&slow);
    }
    return r;
}

static void too_many_reviews_are_shed(void **state)
{
    (void)state;
    struct fixture f;
    struct peer other = {.fd = -1};
    fixture_new(&f);
    f.options.max_in_flight = 1;
    fixture_start(&f);
    struct reply r = answer_beside(&f, &other);
    assert_int_equal(r.status, 429);
    assert_non_null(strstr(r.head, "Retry-After: 1"));
    assert_false(r.closing);
    assert_true(fixture_becomes(&f, "brgate_webhook_requests_in_flight", 0));
    peer_send(&other, LIT(REVIEW)); /* on the same connection */
    assert_int_equal(peer_reply(&other).status, 200);
    assert_true(fixture_metric(&f, "brgate_webhook_refused_total{reason=\"overload\"}") == 1);
    peer_close(&other);
    fixture_end(&f);
}

static void whoever_is_served_stays(void **state)
{
    (void)state;
    enum { MOST = 8, STRANGERS = 40 };
    struct fixture f;
    struct peer served;
    static struct peer strangers[STRANGERS];
    fixture_new(&f);
    f.options.max_connections = MOST;
    fixture_start(&f);
    assert_true(peer_open(&served, f.port, NULL));
    assert_true(peer_send(&served, LIT(REVIEW)));
    assert_int_equal(peer_reply(&served).status, 200);
    for (size_t i = 0; i < STRANGERS; i++) {
        strangers[i].fd = peer_dial(f.port);
        assert_true(strangers[i].fd >= 0);
        assert_true(send(strangers[i].fd, "\x16", 1, MSG_NOSIGNAL) == 1);
    }
    assert_true(
        fixture_becomes(&f, "brgate_webhook_refused_total{reason=\"crowded\"}", STRANGERS + 1 - MOST));
    assert_int_equal(peer_ask(f.port, NULL, LIT(REVIEW)).status, 200); /* a newcomer gets in at once */
    assert_true(peer_send(&served, LIT(REVIEW)));
    assert_int_equal(peer_reply(&served).status, 200);
    peer_close(&served);
    for (size_t i = 0; i < STRANGERS; i++)
        close(strangers[i].fd);
    fixture_end(&f);
}

static void memory_has_bounds(void **state)
{
    (void)state;
    static char body[400 << 10];
    static const struct {
        const char *label;
        size_t one, all;
        slice body;
        int status;
        const char *reason, *line;
    } rows[] = {
        {"one review", 1 << 20, 8 << 20, SLICE("greedy"), 413, "too_large", "(--review-memory)"},
        {"all reviews", 8 << 20, 1 << 20, SLICE("greedy"), 429, "overload", "(--reviews-memory)"},
        {"a body", 256 << 10, 8 << 20, {body, sizeof body}, 413, "too_large", "(--review-memory)"},
        {"a body of many", 8 << 20, 256 << 10, {body, sizeof body}, 429, "overload", "(--reviews-memory)"},
        {"enough", 8 << 20, 8 << 20, {body, sizeof body}, 200, NULL, NULL},
    };
    memset(body, 'x', sizeof body);
    for (size_t i = 0; i < COUNT(rows); i++) {
        static char text[512 << 10];
        struct fixture f;
        struct peer p;
        char sample[128];
        fixture_new(&f);
        f.options.review_memory = rows[i].one;
        f.options.reviews_memory = rows[i].all;
        fixture_start(&f);
        assert_true(peer_open(&p, f.port, NULL));
        for (int again = 0; again < 3; again++) { /* what one has taken comes back */
            assert_true(peer_send(&p, peer_post(text, sizeof text, "/validate", rows[i].body)));
            struct reply r = peer_reply(&p);
            if (r.status != rows[i].status)
                print_error("%d: %s\n", r.status, r.body);
            assert_row(rows[i].label, r.status == rows[i].status);
            assert_true(peer_send(&p, LIT(REVIEW)));
            assert_row(rows[i].label, peer_reply(&p).status == 200);
        }
        peer_close(&p);
        if (rows[i].reason) {
            snprintf(sample, sizeof sample, "brgate_webhook_refused_total{reason=\"%s\"}", rows[i].reason);
            assert_row(rows[i].label, fixture_becomes(&f, sample, 3));
        }
        server_stop(f.server);
        f.server = NULL;
        assert_row(rows[i].label, !rows[i].line || strstr(fixture_log(&f), rows[i].line));
        fixture_end(&f);
    }
}

/* Asks until this is the answer. */
static bool is_answered(struct fixture *f, slice request, int status)
{
    for (size_t i = 0; i < MOST_TRICKLES; i++) {
        if (peer_ask(f->port, NULL, request).status == status)
            return true;
        pause_ms(TRICKLE_MS);
    }
    return false;
}

static void whoever_holds_things_up_goes(void **state)
{
    (void)state;
    static char body[512 << 10], text[600 << 10];
    memset(body, 'x', sizeof body);
    slice review = peer_post(text, sizeof text, "/validate", (slice){body, sizeof body});
    static const struct {
        const char *label;
        size_t missing; /* bytes that the holder never sends */
        const char *body;
    } rows[] = {{"memory", 1, NULL}, {"a place", 0, "large"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        struct peer holder;
        char small_text[512];
        int small = 4096;
        slice held = rows[i].body
                         ? peer_post(small_text, sizeof small_text, "/validate", slice_of(rows[i].body))
                         : review;
        fixture_new(&f);
        f.options.max_in_flight = rows[i].body ? 1 : 8;
        f.options.reviews_memory = rows[i].body ? 16 << 20 : 2 << 20; /* for one body and not for two */
        fixture_start(&f);
        assert_row(rows[i].label, peer_open(&holder, f.port, NULL));
        setsockopt(holder.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        assert_row(rows[i].label, peer_send(&holder, slice_cut(held, 0, held.n - rows[i].missing)));
        assert_row(rows[i].label, fixture_becomes(&f, "brgate_webhook_requests_in_flight", 1));
        assert_row(rows[i].label, is_answered(&f, review, 429));
        assert_row(rows[i].label, is_answered(&f, review, 200));
        assert_row(rows[i].label, fixture_becomes(&f, "brgate_webhook_refused_total{reason=\"crowded\"}", 1));
        peer_close(&holder);
        fixture_end(&f);
    }
}

/* Clients that hold back the end of a body, or do not read an answer, as many as it takes; and a review beside them
 * that takes memory. */
static void whoever_holds_memory_leaves_enough(void **state)
{
    (void)state;
    enum { HOLDERS = 8, REVIEWS = 10 };
    static char body[1 << 20], text[(1 << 20) + 1024];
    memset(body, 'x', sizeof body);
    const struct {
        const char *label;
        size_t one, all; /* --review-memory, --reviews-memory */
        slice body;
        size_t missing; /* bytes of it that never come */
    } rows[] = {{"bodies", 12 << 20, 12 << 20, {body, sizeof body}, 1},
                {"answers", 64 << 20, 64 << 20, SLICE("large and costly"), 0}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        struct peer holders[HOLDERS];
        int small = 4096;
        fixture_new(&f);
        f.options.review_memory = rows[i].one;
        f.options.reviews_memory = rows[i].all;
        f.options.max_body = 2 << 20;
        fixture_start(&f);
        slice review = peer_post(text, sizeof text, "/validate", rows[i].body);
        for (size_t k = 0; k < HOLDERS; k++) {
            assert_row(rows[i].label, peer_open(&holders[k], f.port, NULL));
            setsockopt(holders[k].fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
            assert_row(rows[i].label,
                       peer_send(&holders[k], slice_cut(review, 0, review.n - rows[i].missing)));
        }
        assert_row(rows[i].label, fixture_becomes(&f, "brgate_webhook_requests_in_flight", HOLDERS));
        pause_ms(50); /* their bytes are read */
        for (size_t k = 0; k < REVIEWS; k++) {
            char costly[512];
            slice bytes = peer_post(costly, sizeof costly, "/validate", LIT("costly"));
            struct reply r = peer_ask(f.port, NULL, bytes);
            if (r.status != 200)
                print_error("%zu: %d %s\n", k, r.status, r.body);
            assert_row(rows[i].label, r.status == 200);
        }
        for (size_t k = 0; k < HOLDERS; k++)
            peer_close(&holders[k]);
        fixture_end(&f);
    }
}

static void sockets_hold_little(void **state)
{
    (void)state;
    struct error error = {0};
    int listening = listen_on("127.0.0.1:0", "--listen", &error), sending = 0, receiving = 0;
    assert_true(listening >= 0);
    int client = peer_dial(listen_port(listening));
    assert_int_equal(poll(&(struct pollfd){.fd = listening, .events = POLLIN}, 1, PATIENCE_S * 1000), 1);
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    socklen_t size = sizeof sending;
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sending, &size), 0);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receiving, &size), 0);
    assert_true(sending + receiving <= SERVER_SOCKET_BYTES);
    close(fd);
    close(client);
    close(listening);
}

static void a_client_that_leaves_is_no_error(void **state)
{
    (void)state;
    struct fixture f;
    struct peer p;
    fixture_new(&f);
    fixture_start(&f);
    assert_true(peer_open(&p, f.port, NULL));
    peer_send(&p, LIT(HEAD "\r\nabc"));
    peer_close(&p);
    int fd = peer_dial(f.port);
    close(fd);
    assert_true(fixture_becomes(&f, "brgate_webhook_connections_total", 2));
    assert_true(fixture_becomes(&f, "brgate_webhook_connections", 0));
    assert_true(fixture_metric(&f, "brgate_webhook_requests_aborted_total") == 1);
    assert_true(fixture_metric(&f, "brgate_webhook_requests_in_flight") == 0);
    server_stop(f.server);
    f.server = NULL;
    assert_null(strstr(fixture_log(&f), "\"error\""));
    fixture_end(&f);
}

static void short_deadlines(struct server_options *o)
{
    o->handshake_timeout = o->request_timeout = 300;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_clients_end_at_the_deadline),
        cmocka_unit_test(waiting_for_a_handshake_takes_no_processor),
        cmocka_unit_test(an_answer_nobody_reads_ends_at_the_deadline),
        cmocka_unit_test(idle_connections_end_later),
        cmocka_unit_test(idle_connections_make_room),
        cmocka_unit_test(too_many_reviews_are_shed),
        cmocka_unit_test(whoever_is_served_stays),
        cmocka_unit_test(memory_has_bounds),
        cmocka_unit_test(whoever_holds_things_up_goes),
        cmocka_unit_test(whoever_holds_memory_leaves_enough),
        cmocka_unit_test(sockets_hold_little),
        cmocka_unit_test(a_client_that_leaves_is_no_error),
    };
    return fixture_run(tests, COUNT(tests), short_deadlines);
}
