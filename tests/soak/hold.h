/* Clients that make the server hold as much as each of them can, and then wait. */
#ifndef BRGATE_HOLD_H
#define BRGATE_HOLD_H

#include <stdbool.h>
#include <stddef.h>

enum hold_kind {
    HOLD_HELLO,   /* a ClientHello that never ends */
    HOLD_BODY_12, /* TLS 1.2: a body that is not complete, and part of one more record */
    HOLD_BODY_13, /* TLS 1.3: a body that is not complete, and messages that TLS allows behind a handshake */
    HOLD_KINDS
};

struct hold;

/* Returns when `count` clients have sent what the server's limits allow; the greedy ones send on until they are
 * cut off, 2 MiB at most. */
struct hold *hold_start(unsigned port, size_t count, enum hold_kind kind, bool greedy);
size_t hold_end(struct hold *h); /* closes them; how many the server had cut off */

#endif
