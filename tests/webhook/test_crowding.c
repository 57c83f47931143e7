/* Honest clients among more attackers than there are places, on sockets: what crowd.h promises. One thread plays
 * everybody: between the steps of an honest client attackers do as much as the promise allows them. */
#include "check.h"

#include "fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD   "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
#define REVIEW HEAD "Content-Length: 4\r\n\r\nabcd"
#define JUNK   HEAD "Content-Length: 4\r\n\r\njunk"
#define LARGE  HEAD "Content-Length: 5\r\n\r\nlarge"

enum {
    PLACES = 16,
    ATTACKERS = 3 * PLACES,
    /* Of "fewer than half" the two honest connections take their part. */
    ALLOWED = PLACES / 2 - 3,
    MOST_KNOWN = PLACES / 2 - 2,
    GAMES = 6,
    REVIEWS = 12, /* of each honest client in a game */
    UNTIL_STALLED_MS = 1100,
};

enum habit {
    SILENT,           /* dials and says nothing */
    SLOW_HANDSHAKE,   /* a byte at a time */
    IDLE,             /* shakes hands and asks for nothing */
    SLOW_HEADER,      /* a byte at a time */
    SLOW_BODY,        /* a byte at a time */
    JUNK_IN_TURNS,    /* asks for nothing but 400 */
    JUNK_PIPELINED,   /* the same, and the next request begins in the packet that completes the last */
    REVIEW_PIPELINED, /* the same with reviews */
    HALF_READ,        /* a review whose answer is not read, and more of them after it */
    HABITS
};

struct attacker {
    enum habit habit;
    bool open;
    size_t sent;
    struct peer peer;
};

struct game {
    struct fixture f;
    uint64_t seed;
    struct attacker attackers[ATTACKERS];
};

static uint64_t draw(struct game *g, uint64_t below)
{
    g->seed = g->seed * 6364136223846793005U + 1442695040888963407U;
    return (g->seed >> 33) % below;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static bool is_closed(const struct peer *p)
{
    char byte;
    ssize_t got = recv(p->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

static bool begin(struct game *g, struct attacker *a)
{
    int small = 4096;
    struct peer_options o = {.plain = a->habit == SILENT || a->habit == SLOW_HANDSHAKE};
    a->sent = 0;
    a->open = peer_open(&a->peer, g->f.port, &o);
    if (!a->open)
        return false;
    setsockopt(a->peer.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    switch (a->habit) {
    case SLOW_HANDSHAKE:
        return send(a->peer.fd, "\x16\x03\x01\x02", 4, MSG_NOSIGNAL) == 4;
    case SLOW_HEADER:
        return peer_send(&a->peer, LIT(HEAD "X-A: "));
    case SLOW_BODY:
        return peer_send(&a->peer, LIT(HEAD "Content-Length: 1000\r\n\r\n"));
    case JUNK_PIPELINED:
        return peer_send(&a->peer, LIT(JUNK HEAD "Content-Length: 4\r\n\r\nj"));
    case REVIEW_PIPELINED:
        return peer_send(&a->peer, LIT(REVIEW HEAD "Content-Length: 4\r\n\r\na"));
    case HALF_READ:
        return peer_send(&a->peer, LIT(LARGE));
    default:
        return true;
    }
}

static bool go_on(struct attacker *a)
{
    switch (a->habit) {
    case SLOW_HANDSHAKE:
        return send(a->peer.fd, "x", 1, MSG_NOSIGNAL) == 1;
    case SLOW_HEADER:
    case SLOW_BODY:
        return peer_send(&a->peer, LIT("x"));
    case JUNK_IN_TURNS:
        return peer_send(&a->peer, LIT(JUNK)) && peer_reply(&a->peer).status == 400;
    case JUNK_PIPELINED:
        return peer_send(&a->peer, LIT("unk" HEAD "Content-Length: 4\r\n\r\nj"));
    case HALF_READ:
        return peer_send(&a->peer, LIT(REVIEW));
    case REVIEW_PIPELINED:
        return peer_send(&a->peer, LIT("bcd" HEAD "Content-Length: 4\r\n\r\na"));
    default:
        return true;
    }
}

/* One attacker does one thing: who was cut off dials again. */
static void attack_once(struct game *g)
{
    struct attacker *a = &g->attackers[draw(g, ATTACKERS)];
    if (a->open && is_closed(&a->peer)) {
        peer_close(&a->peer);
        a->open = false;
    }
    if (!(a->open ? go_on(a) : begin(g, a)))
        peer_close(&a->peer);
    a->open = a->peer.fd >= 0;
}

static void attack(struct game *g, size_t times)
{
    while (times--)
        attack_once(g);
}

/* Some habits only, and never more known ones than the promise bears. */
static void muster(struct game *g)
{
    bool has[HABITS] = {false};
    size_t known = 0;
    for (size_t i = 0; i < HABITS; i++)
        has[i] = draw(g, 2);
    has[draw(g, HABITS)] = true;
    for (size_t i = 0; i < ATTACKERS; i++) {
        enum habit h = (enum habit)draw(g, HABITS);
        for (size_t tries = 0; !has[h] && tries < HABITS; tries++)
            h = (h + 1) % HABITS;
        bool becomes_known = h == REVIEW_PIPELINED || h == HALF_READ;
        if (becomes_known && known++ >= MOST_KNOWN)
            h = JUNK_PIPELINED;
        g->attackers[i] = (struct attacker){.habit = h, .peer.fd = -1};
    }
}

/* The API server after a restart. */
static int review_anew(struct game *g)
{
    struct peer p;
    struct reply r = {0};
    size_t first = draw(g, ALLOWED + 1);
    if (!peer_open(&p, g->f.port, NULL))
        return 0;
    attack(g, first);
    if (peer_send(&p, LIT(REVIEW))) {
        attack(g, ALLOWED - first);
        r = peer_reply(&p);
    }
    peer_close(&p);
    return r.status;
}

/* The API server as it usually is. */
static int review_again(struct game *g, struct peer *kept)
{
    slice review = LIT(REVIEW);
    if (!peer_send(kept, review))
        return 0;
    attack(g, ALLOWED);
    return peer_reply(kept).status;
}

static void honest_clients_get_through(void **state)
{
    (void)state;
    static struct game g;
    size_t anew = 0, again = 0;
    for (uint64_t seed = 1; seed <= GAMES; seed++) {
        struct peer kept;
        fixture_new(&g.f);
        g.f.options.max_connections = PLACES;
        fixture_start(&g.f);
        g.seed = seed;
        muster(&g);
        assert_true(peer_open(&kept, g.f.port, NULL));
        assert_true(peer_send(&kept, LIT(REVIEW)));
        assert_int_equal(peer_reply(&kept).status, 200);
        attack(&g, 4 * (size_t)ATTACKERS);
        pause_ms(UNTIL_STALLED_MS);
        for (size_t i = 0; i < REVIEWS; i++) {
            anew += review_anew(&g) == 200;
            again += review_again(&g, &kept) == 200;
        }
        if (anew != seed * REVIEWS || again != seed * REVIEWS)
            print_error("seed %d: %zu and %zu of %zu answered\n", (int)seed, anew, again,
                        (size_t)seed * REVIEWS);
        for (size_t i = 0; i < ATTACKERS; i++)
            peer_close(&g.attackers[i].peer);
        peer_close(&kept);
        fixture_end(&g.f);
    }
    printf("%zu reviews of new clients and %zu of one that kept its connection answered, of %d each\n", anew,
           again, GAMES * REVIEWS);
    assert_int_equal(anew, GAMES * REVIEWS);
    assert_int_equal(again, GAMES * REVIEWS);
}

/* A place for an answer is not worth waiting for while its holder does not read. */
static void an_answer_nobody_reads_yields_its_place(void **state)
{
    (void)state;
    enum { HOLDERS = 4 };
    struct fixture f;
    struct peer holders[HOLDERS];
    int small = 4096;
    fixture_new(&f);
    f.options.max_in_flight = HOLDERS;
    fixture_start(&f);
    for (size_t i = 0; i < HOLDERS; i++) {
        assert_true(peer_open(&holders[i], f.port, NULL));
        setsockopt(holders[i].fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        assert_true(peer_send(&holders[i], LIT(LARGE)));
    }
    assert_true(fixture_becomes(&f, "brgate_webhook_requests_in_flight", HOLDERS));
    for (size_t i = 0; i < HOLDERS; i++) /* which the server does not read: that is not its delay */
        assert_true(peer_send(&holders[i], LIT(REVIEW)));
    pause_ms(200);
    for (size_t i = 0; i < HOLDERS; i++)
        assert_int_equal(peer_ask(f.port, NULL, LIT(REVIEW)).status, 200);
    assert_true(fixture_metric(&f, "brgate_webhook_refused_total{reason=\"overload\"}") == 0);
    assert_true(fixture_metric(&f, "brgate_webhook_refused_total{reason=\"crowded\"}") >= 1);
    for (size_t i = 0; i < HOLDERS; i++)
        peer_close(&holders[i]);
    fixture_end(&f);
}

/* The health port has 64 places, and no known clients. */
static void probes_get_through(void **state)
{
    (void)state;
    enum { HOLDERS = 200, PROBES = 20 };
    static struct peer holders[HOLDERS];
    static const slice begins[] = {
        {0},
        SLICE("GET /livez"),
        SLICE("GET /livez HTTP/1.1\r\nX-A: b"),
        SLICE("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\nGET /metrics HTTP/1.1\r\n")};
    struct fixture f;
    fixture_new(&f);
    fixture_start(&f);
    for (size_t i = 0; i < HOLDERS; i++) {
        slice begin_bytes = begins[i % COUNT(begins)];
        assert_true(peer_open(&holders[i], f.health, &(struct peer_options){.plain = true}));
        assert_true(!begin_bytes.n || peer_send(&holders[i], begin_bytes));
        if (i % (HOLDERS / PROBES) == 0)
            assert_int_equal(fixture_health(&f, "/livez"), 200);
    }
    for (size_t i = 0; i < HOLDERS; i++)
        peer_close(&holders[i]);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_clients_get_through),
        cmocka_unit_test(an_answer_nobody_reads_yields_its_place),
        cmocka_unit_test(probes_get_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
