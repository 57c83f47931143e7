/* Turns ADDRESS:PORT into a listening socket, or says why it cannot. */
#include "listen.h"

#include "num.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel doubles this, counts it as the pod's memory, and would let a client that reads nothing grow it
 * to megabytes. Usual reviews and answers fit; larger ones go through in turns. */
enum { SOCKET_BUFFER = 32 << 10, PORT_MOST = 65535 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* "1.2.3.4:80", "[::1]:80", ":80" (every address). */
static socklen_t split(const char *text, union address *ret)
{
    char address[INET6_ADDRSTRLEN];
    slice s = slice_of(text);
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (!colon || !num_u64(slice_of(colon + 1), &port) || port > PORT_MOST)
        return 0;
    slice name = slice_cut(s, 0, (size_t)(colon - text));
    if (!name.n)
        name = LIT("[::]");
    bool v6 = name.n >= 2 && name.p[0] == '[' && name.p[name.n - 1] == ']';
    if (v6)
        name = slice_cut(name, 1, name.n - 2);
    if (name.n >= sizeof address)
        return 0;
    memcpy(address, name.p, name.n);
    address[name.n] = '\0';
    memset(ret, 0, sizeof *ret);
    if (v6) {
        ret->v6.sin6_family = AF_INET6;
        ret->v6.sin6_port = htons((uint16_t)port);
        return inet_pton(AF_INET6, address, &ret->v6.sin6_addr) == 1 ? sizeof ret->v6 : 0;
    }
    ret->v4.sin_family = AF_INET;
    ret->v4.sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, address, &ret->v4.sin_addr) == 1 ? sizeof ret->v4 : 0;
}

/* Whether the part behind the last colon is a number, and no port. Port 0 lets the system choose one. */
static bool port_too_large(const char *text)
{
    const char *colon = strrchr(text, ':');
    size_t n = colon ? strspn(colon + 1, "0123456789") : 0;
    uint64_t port;
    return n && !colon[1 + n] && (!num_u64(slice_of(colon + 1), &port) || port > PORT_MOST);
}

static socklen_t parse(const char *text, const char *flag, union address *ret, struct error *reterr)
{
    socklen_t length = split(text, ret);
    if (length)
        return length;
    if (port_too_large(text))
        error_set(reterr, "%s %s: the port must be from 1 to %d", flag, text, PORT_MOST);
    else
        error_set(
            reterr,
            "%s %s: expected ADDRESS:PORT with a numeric address, such as 0.0.0.0:8443 or [::1]:8443, or "
            ":8443 for every address",
            flag, text);
    return 0;
}

bool listen_check(const char *address, const char *flag, struct error *reterr)
{
    union address at;
    return parse(address, flag, &at, reterr) != 0;
}

static const char *advice(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "another process uses this port: stop it or choose another port";
    case EADDRNOTAVAIL:
        return "this machine has no such address: 0.0.0.0 means all of them";
    case EACCES:
        return "ports below 1024 need CAP_NET_BIND_SERVICE: choose a higher one";
    case EAFNOSUPPORT:
        return "this machine has no IPv6: 0.0.0.0 means all IPv4 addresses, and no address at all means "
               "every one";
    default:
        return "choose another address or port";
    }
}

/* For ":80" an IPv4 socket where the kernel has no IPv6. */
static int open_socket(const char *text, union address *at, socklen_t *length)
{
    const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    int fd = socket(at->any.sa_family, type, 0);
    if (fd >= 0 || errno != EAFNOSUPPORT || text[0] != ':')
        return fd;
    at->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = at->v6.sin6_port};
    *length = sizeof at->v4;
    return socket(AF_INET, type, 0);
}

int listen_on(const char *address, const char *flag, struct error *reterr)
{
    union address at;
    socklen_t length = parse(address, flag, &at, reterr);
    if (!length)
        return -1;
    int on = 1, off = 0, buffer = SOCKET_BUFFER, fd = open_socket(address, &at, &length);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd >= 0) { /* accepted sockets inherit these options */
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    }
    if (fd >= 0 && at.any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off); /* [::] takes IPv4 clients too */
    if (fd < 0 || bind(fd, &at.any, length) != 0 || listen(fd, SOMAXCONN) != 0) {
        int error = errno;
        error_set(reterr, "%s %s: %s; %s", flag, address, strerror(error), advice(error));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

unsigned listen_port(int fd)
{
    union address at = {0};
    socklen_t length = sizeof at;
    if (getsockname(fd, &at.any, &length) != 0)
        return 0;
    return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

const char *listen_text(const char *address, unsigned port, char text[LISTEN_TEXT_BYTES])
{
    const char *given = strrchr(address, ':');
    bool chosen = given && strcmp(given, ":0") == 0;
    snprintf(text, LISTEN_TEXT_BYTES, chosen ? "%s (port %u)" : "%s", address, port);
    return text;
}
