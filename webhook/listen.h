/* Listening sockets from ADDRESS:PORT; :PORT is every address, IPv6 included where the kernel has it. */
#ifndef BRGATE_LISTEN_H
#define BRGATE_LISTEN_H

#include "server.h"

/* A listening, non-blocking socket, or -1 with one line in `reterr`. `flag` names the option in it. */
int listen_on(const char *address, const char *flag, struct error *reterr);
/* Whether the text is such an address; false with one line. */
bool listen_check(const char *address, const char *flag, struct error *reterr);
unsigned listen_port(int fd);

/* "127.0.0.1:8080", and " (port 43211)" behind it only when the system has chosen the port. */
enum { LISTEN_TEXT_BYTES = 96 };
const char *listen_text(const char *address, unsigned port, char text[LISTEN_TEXT_BYTES]);

#endif
