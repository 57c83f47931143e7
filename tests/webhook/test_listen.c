/* Listening on every address, on a machine with IPv6 and on one without: in children whose kernel refuses IPv6. */
#include "check.h"

#include "listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* As where the kernel was started with ipv6.disable=1. */
static void lose_ipv6(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter ||
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                         SCMP_A0(SCMP_CMP_EQ, AF_INET6, 0)) != 0 ||
        seccomp_load(filter) != 0)
        _exit(100);
    seccomp_release(filter);
}

static bool connects(int family, unsigned port)
{
    struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback, .sin6_port = htons((uint16_t)port)};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool done = fd >= 0 && (family == AF_INET ? connect(fd, (struct sockaddr *)&v4, sizeof v4)
                                              : connect(fd, (struct sockaddr *)&v6, sizeof v6)) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

/* Exit codes of the children. */
enum { LISTENS_ON_IPV4 = 1, LISTENS_ON_IPV6 = 2, DOES_NOT_LISTEN = 4, ADVISES = 8 };

static int child(const char *address, bool ipv6)
{
    struct error error = {0};
    if (!ipv6)
        lose_ipv6();
    int fd = listen_on(address, "--listen", &error);
    if (fd < 0)
        return DOES_NOT_LISTEN + (strstr(error.text, "this machine has no IPv6") ? ADVISES : 0);
    unsigned port = listen_port(fd);
    return (connects(AF_INET, port) ? LISTENS_ON_IPV4 : 0) + (connects(AF_INET6, port) ? LISTENS_ON_IPV6 : 0);
}

static void every_address_is_every_one_there_is(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool ipv6;
        int code;
    } rows[] = {
        {":0", true, LISTENS_ON_IPV4 + LISTENS_ON_IPV6},
        {":0", false, LISTENS_ON_IPV4},
        {"[::]:0", true, LISTENS_ON_IPV4 + LISTENS_ON_IPV6},
        {"[::]:0", false, DOES_NOT_LISTEN + ADVISES},
        {"0.0.0.0:0", true, LISTENS_ON_IPV4},
        {"0.0.0.0:0", false, LISTENS_ON_IPV4},
        {"127.0.0.1:0", false, LISTENS_ON_IPV4},
    };
    int probe = socket(AF_INET6, SOCK_STREAM, 0);
    bool machine = probe >= 0 && bind(probe,
                                      (struct sockaddr *)&(struct sockaddr_in6){
                                          .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback},
                                      sizeof(struct sockaddr_in6)) == 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].ipv6 && !machine)
            continue;
        int status;
        pid_t id = fork();
        if (id == 0)
            _exit(child(rows[i].address, rows[i].ipv6));
        assert_int_equal(waitpid(id, &status, 0), id);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != rows[i].code)
            print_error("%s, IPv6 %d: status %x\n", rows[i].address, rows[i].ipv6, status);
        assert_row(rows[i].address, WIFEXITED(status) && WEXITSTATUS(status) == rows[i].code);
    }
    if (probe >= 0)
        close(probe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_address_is_every_one_there_is)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
