/* Records that no TLS library sends: of any type, with any bytes, in a session that has handshake_done hands. */
#ifndef BRGATE_FORGE_H
#define BRGATE_FORGE_H

#include "peer.h"

enum record_type { RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, RECORD_DATA = 23 };
enum { RECORD_MOST = 16 << 10 }; /* bytes of a record's content */

/* For peer_options.priority: what forge_record() can encrypt for. */
#define FORGE_TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM"
#define FORGE_TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-GCM"

/* Sends the content (RECORD_MOST bytes at most) as the session's next record. False when the connection has
 * ended. */
bool forge_record(struct peer *p, enum record_type type, slice content);

#endif
