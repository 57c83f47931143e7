/* How much a client may send without progress, before and after the handshake; clients that are merely odd are served.
 * Deadlines are far longer than these tests, so whatever ends was ended for its bytes. */
#include "check.h"

#include "fixture.h"
#include "forge.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#define HEAD   "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
#define REVIEW HEAD "Content-Length: 4\r\n\r\nabcd"

/* A message that announces 16 MiB - 1: a ClientHello, and one of the types that may follow a handshake. */
static const char hello[] = {1, (char)0xff, (char)0xff, (char)0xff, 3, 3};
static const char update[] = {24, (char)0xff, (char)0xff, (char)0xff};

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* One record of a ClientHello without end, `n` bytes of it after the first `done`. */
static bool send_hello(struct peer *p, size_t done, size_t n)
{
    static char record[5 + RECORD_MOST];
    const char head[] = {RECORD_HANDSHAKE, 3, 1, (char)(n >> 8), (char)n};
    memset(record, 0, sizeof record);
    memcpy(record, head, sizeof head);
    for (size_t i = 0; i < n && done + i < sizeof hello; i++)
        record[sizeof head + i] = hello[done + i];
    return peer_send_raw(p, (slice){record, sizeof head + n});
}

static bool more_hello(struct peer *p, size_t turn)
{
    return send_hello(p, turn * RECORD_MOST, RECORD_MOST);
}

static bool more_small_hello(struct peer *p, size_t turn)
{
    return send_hello(p, turn, 1);
}

static bool more_message(struct peer *p, size_t turn)
{
    static char part[RECORD_MOST];
    memset(part, 0, sizeof part);
    if (turn == 0)
        memcpy(part, update, sizeof update);
    return forge_record(p, RECORD_HANDSHAKE, (slice){part, sizeof part});
}

static bool more_small_message(struct peer *p, size_t turn)
{
    return forge_record(p, RECORD_HANDSHAKE, (slice){turn < sizeof update ? update + turn : "", 1});
}

static bool empty_message(struct peer *p, size_t turn)
{
    (void)turn;
    return forge_record(p, RECORD_HANDSHAKE, (slice){0});
}

static bool empty_data(struct peer *p, size_t turn)
{
    (void)turn;
    return forge_record(p, RECORD_DATA, (slice){0});
}

static bool empty_line(struct peer *p, size_t turn)
{
    (void)turn;
    return forge_record(p, RECORD_DATA, LIT("\r\n"));
}

static bool more_header(struct peer *p, size_t turn)
{
    return forge_record(p, RECORD_DATA, turn ? LIT("x") : LIT(HEAD "X-A: b"));
}

static bool more_request_line(struct peer *p, size_t turn)
{
    return forge_record(p, RECORD_DATA, turn ? LIT("x") : LIT("POST /validate?"));
}

static bool body_and_messages(struct peer *p, size_t turn)
{
    return turn ? empty_message(p, turn)
                : forge_record(p, RECORD_DATA, LIT(HEAD "Content-Length: 9\r\n\r\nabcd"));
}

static bool key_updates(struct peer *p, size_t turn)
{
    (void)turn;
    return gnutls_session_key_update(p->session, 0) == 0;
}

enum session { PLAIN, TLS12, TLS13 };
enum { MANY = 20000, SOME = 100 /* large ones */ };

static const struct row {
    const char *label;
    enum session session;
    bool (*send)(struct peer *p, size_t turn);
    size_t turns;
    bool refused_by_gnutls; /* sooner than by us, and not counted */
} rows[] = {
    {"a ClientHello without end", PLAIN, more_hello, SOME, false},
    {"a ClientHello in records of one byte", PLAIN, more_small_hello, MANY, false},
    {"a message without end", TLS13, more_message, SOME, false},
    {"a message without end", TLS12, more_message, SOME, true},
    {"a message in records of one byte", TLS13, more_small_message, MANY, false},
    {"empty messages", TLS13, empty_message, MANY, false},
    {"empty messages behind part of a body", TLS13, body_and_messages, MANY, false},
    {"empty data", TLS13, empty_data, MANY, false},
    {"empty data", TLS12, empty_data, MANY, false},
    {"empty lines", TLS13, empty_line, MANY, false},
    {"empty lines", TLS12, empty_line, MANY, false},
    {"a request line without end", TLS13, more_request_line, MANY, false},
    {"headers without end", TLS13, more_header, MANY, false},
    {"headers without end", TLS12, more_header, MANY, false},
    {"key updates", TLS13, key_updates, MANY, false},
};

#define NO_PROGRESS "brgate_webhook_refused_total{reason=\"no_progress\"}"

static bool is_closed(struct peer *p)
{
    char byte;
    ssize_t got = recv(p->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

static bool ends_alone(struct peer *p)
{
    for (size_t ms = 0; ms < PATIENCE_S * 1000; ms += 10) {
        if (is_closed(p))
            return true;
        pause_ms(10);
    }
    return false;
}

/* The sockets' buffers hold what the server has not read yet. */
static bool is_cut_off(struct peer *p, const struct row *row)
{
    for (size_t turn = 0; turn < row->turns; turn++) {
        if (!row->send(p, turn) || is_closed(p))
            return true;
        if (turn % 16 == 0)
            pause_ms(1);
    }
    return ends_alone(p);
}

static void whoever_gets_nowhere_is_cut_off(void **state)
{
    struct fixture *f = *state;
    static const char *const priorities[] = {NULL, FORGE_TLS12, FORGE_TLS13};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row *row = &rows[i];
        double before = fixture_metric(f, NO_PROGRESS);
        struct peer p;
        struct peer_options o = {.plain = row->session == PLAIN, .priority = priorities[row->session]};
        assert_row(row->label, peer_open(&p, f->port, &o));
        assert_row(row->label, is_cut_off(&p, row));
        peer_close(&p);
        assert_row(row->label, fixture_becomes(f, NO_PROGRESS, before + !row->refused_by_gnutls));
    }
    assert_true(fixture_becomes(f, "brgate_webhook_connections", 0));
    assert_int_equal(peer_ask(f->port, NULL, LIT(REVIEW)).status, 200);
}

/* In place of the client's second flight, which begins with its certificate: a certificate without end. */
static ssize_t push_certificate(gnutls_transport_ptr_t context, const void *bytes, size_t size)
{
    struct peer *p = context;
    static const char certificate[RECORD_MOST] = {11, (char)0xff, (char)0xff, (char)0xff};
    const char head[] = {RECORD_HANDSHAKE, 3, 3, RECORD_MOST >> 8, 0};
    if (p->n++ == 0)
        return send(p->fd, bytes, size, MSG_NOSIGNAL);
    for (size_t turn = 0; turn < SOME; turn++)
        if (!peer_send_raw(p, (slice){head, sizeof head}) ||
            !peer_send_raw(p, (slice){certificate, sizeof certificate}))
            return -1;
    return (ssize_t)size;
}

static void a_client_certificate_has_an_end(void **state)
{
    (void)state;
    struct fixture f;
    struct peer p = {0};
    fixture_new(&f);
    struct certificate_pair ca = fixture_issue(&f, CERTIFICATE_CA, "client CA", NULL);
    fixture_write(&f, "ca.crt", ca.certificate);
    f.options.client_ca_file = fixture_path(&f, "ca.crt");
    fixture_start(&f);
    p.fd = peer_dial(f.port);
    gnutls_init(&p.session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
    gnutls_certificate_allocate_credentials(&p.credentials);
    gnutls_credentials_set(p.session, GNUTLS_CRD_CERTIFICATE, p.credentials);
    gnutls_priority_set_direct(p.session, FORGE_TLS12, NULL);
    gnutls_transport_set_int(p.session, p.fd);
    gnutls_transport_set_ptr2(p.session, (gnutls_transport_ptr_t)(intptr_t)p.fd, &p);
    gnutls_transport_set_push_function(p.session, push_certificate);
    assert_true(gnutls_handshake(p.session) < 0);
    assert_true(fixture_becomes(&f, NO_PROGRESS, 1));
    p.n = 0;
    peer_close(&p);
    fixture_end(&f);
}

/* The following is unusual and allowed. */
static void headers_may_come_one_by_one(struct peer *p)
{
    static const slice parts[] = {SLICE("POST /validate HTTP/1.1\r\n"),
                                  SLICE("Host: a\r\n"),
                                  SLICE("User-Agent: typed\r\n"),
                                  SLICE("Accept: */*\r\n"),
                                  SLICE("X-A: b\r\n"),
                                  SLICE("Content-Type: application/json\r\n"),
                                  SLICE("Content-Length: 4\r\n"),
                                  SLICE("\r\n"),
                                  SLICE("abcd")};
    for (size_t i = 0; i < COUNT(parts); i++)
        assert_true(peer_send(p, parts[i]));
    assert_int_equal(peer_reply(p).status, 200);
}

static void a_body_may_come_in_small_records(struct peer *p)
{
    enum { BYTES = 3000 };
    assert_true(peer_send(p, LIT(HEAD "Content-Length: 3000\r\n\r\n")));
    for (size_t i = 0; i < BYTES; i++)
        assert_true(peer_send(p, LIT("x")));
    assert_int_equal(peer_reply(p).status, 200);
}

static ssize_t push_bytes(gnutls_transport_ptr_t context, const void *bytes, size_t size)
{
    const struct peer *p = context;
    for (size_t i = 0; i < size; i++) {
        if (send(p->fd, (const char *)bytes + i, 1, MSG_NOSIGNAL) != 1)
            return -1;
        if (i % 64 == 0)
            pause_ms(1);
    }
    return (ssize_t)size;
}

static void a_record_may_come_byte_by_byte(struct peer *p)
{
    static char text[12 << 10], body[10 << 10];
    memset(body, 'x', sizeof body);
    gnutls_transport_set_ptr2(p->session, (gnutls_transport_ptr_t)(intptr_t)p->fd, p);
    gnutls_transport_set_push_function(p->session, push_bytes);
    assert_true(peer_send(p, peer_post(text, sizeof text, "/validate", (slice){body, sizeof body})));
    assert_int_equal(peer_reply(p).status, 200);
}

/* The request is there when the server has read the update, which is of no use to it by itself. */
static void a_key_may_be_updated(struct peer *p)
{
    bool tls13 = gnutls_protocol_get_version(p->session) == GNUTLS_TLS1_3;
    for (size_t i = 0; i < 20; i++) {
        assert_true(!tls13 || gnutls_session_key_update(p->session, 0) == 0);
        assert_true(peer_send(p, LIT(REVIEW)));
        assert_int_equal(peer_reply(p).status, 200);
        pause_ms(200); /* GnuTLS allows eight updates each second */
    }
}

static void whoever_is_merely_odd_is_served(void **state)
{
    struct fixture *f = *state;
    static void (*const odd[])(struct peer * p) = {headers_may_come_one_by_one,
                                                   a_body_may_come_in_small_records,
                                                   a_record_may_come_byte_by_byte, a_key_may_be_updated};
    double before = fixture_metric(f, NO_PROGRESS);
    for (size_t i = 0; i < COUNT(odd); i++)
        for (int old = 0; old < 2; old++) {
            struct peer p;
            assert_true(
                peer_open(&p, f->port, &(struct peer_options){.priority = old ? FORGE_TLS12 : FORGE_TLS13}));
            odd[i](&p);
            assert_true(peer_send(&p, LIT(REVIEW))); /* and goes on */
            assert_int_equal(peer_reply(&p).status, 200);
            peer_close(&p);
        }
    assert_true(fixture_metric(f, NO_PROGRESS) == before);
}

static void no_deadlines(struct server_options *o)
{
    o->handshake_timeout = o->request_timeout = o->idle_timeout = 3600 * 1000;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_gets_nowhere_is_cut_off),
        cmocka_unit_test(a_client_certificate_has_an_end),
        cmocka_unit_test(whoever_is_merely_odd_is_served),
    };
    return fixture_run(tests, COUNT(tests), no_deadlines);
}
