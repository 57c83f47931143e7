/* Sends up to the limits of webhook/transport.h, or far beyond them. */
#include "hold.h"

#include "child.h"
#include "forge.h"
#include "transport.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HEAD_BYTES = 5,
    BODY_BYTES = 60000, /* fills the first memory of a review */
    GREEDY_BYTES = 2 << 20,
    GREEDY_RECORDS = 1000,
};

struct hold {
    size_t count;
    struct peer peers[];
};

#define BODY_HEAD                                                                                            \
    "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "               \
    "8000000\r\n\r\n"

static char body[BODY_BYTES];

/* A ClientHello of 16 MiB, in records of that size, as far as it may get. */
static bool begin_hello(struct peer *p, size_t record, size_t left)
{
    static const char hello[] = {1, (char)0xff, (char)0xff, (char)0xff, 3, 3};
    static char text[HEAD_BYTES + RECORD_MOST];
    size_t done = 0;
    for (size_t n; left > HEAD_BYTES; left -= HEAD_BYTES + n, done += n) {
        n = record < left - HEAD_BYTES ? record : left - HEAD_BYTES;
        const char head[HEAD_BYTES] = {RECORD_HANDSHAKE, 3, 1, (char)(n >> 8), (char)n};
        memset(text, 0, sizeof text);
        memcpy(text, head, sizeof head);
        for (size_t i = 0; i < n && done + i < sizeof hello; i++)
            text[HEAD_BYTES + i] = hello[done + i];
        if (!peer_send_raw(p, (slice){text, HEAD_BYTES + n}))
            return false;
    }
    return true;
}

static bool begin_body(struct peer *p)
{
    return peer_send(p, LIT(BODY_HEAD)) && peer_send(p, (slice){body, sizeof body});
}

/* TLS 1.2 ends at any message. */
static bool begin_record(struct peer *p)
{
    return peer_send_raw(p, LIT("\x17\x03\x03\x40\x00")) && peer_send_raw(p, (slice){body, RECORD_MOST - 1});
}

static bool empty_messages(struct peer *p, size_t count)
{
    bool sent = true;
    for (size_t i = 0; sent && i < count; i++)
        sent = forge_record(p, RECORD_HANDSHAKE, (slice){0});
    return sent;
}

static bool begin_message(struct peer *p, size_t bytes)
{
    static const char part[RECORD_MOST - 64] = {24, (char)0xff, (char)0xff, (char)0xff};
    bool sent = true;
    for (size_t i = 0; sent && i < bytes / RECORD_MOST; i++)
        sent = forge_record(p, RECORD_HANDSHAKE, (slice){part, sizeof part});
    return sent;
}

static bool send_all(struct peer *p, enum hold_kind kind, size_t variant, bool greedy)
{
    static const size_t records[] = {RECORD_MOST, 1024, 128};
    size_t bytes = greedy ? GREEDY_BYTES : TRANSPORT_MOST_BYTES;
    if (kind == HOLD_HELLO)
        return begin_hello(p, records[variant % 3], bytes);
    if (!begin_body(p))
        return false;
    if (kind == HOLD_BODY_12)
        return begin_record(p);
    return variant % 2 ? empty_messages(p, greedy ? GREEDY_RECORDS : TRANSPORT_MOST_RECORDS)
                       : begin_message(p, bytes);
}

struct hold *hold_start(unsigned port, size_t count, enum hold_kind kind, bool greedy)
{
    struct hold *h = calloc(1, sizeof *h + count * sizeof *h->peers);
    struct peer_options o = {.plain = kind == HOLD_HELLO,
                             .priority = kind == HOLD_BODY_12 ? FORGE_TLS12 : FORGE_TLS13};
    if (!h)
        give_up("out of memory");
    h->count = count;
    memset(body, '0', sizeof body);
    for (size_t i = 0; i < count; i++) {
        struct peer *p = &h->peers[i];
        if (!peer_open(p, port, &o))
            give_up("holder %zu cannot connect: %s", i, strerror(errno));
        if (!send_all(p, kind, i, greedy) && !greedy)
            give_up("holder %zu is cut off while it sends: %s", i, strerror(errno));
    }
    return h;
}

/* With a reset, so that the server need not read on to learn of it. */
size_t hold_end(struct hold *h)
{
    size_t cut = 0;
    for (size_t i = 0; i < h->count; i++) {
        struct pollfd ended = {.fd = h->peers[i].fd, .events = POLLRDHUP};
        cut += poll(&ended, 1, 0) == 1;
        setsockopt(ended.fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
        peer_close(&h->peers[i]);
    }
    free(h);
    return cut;
}
