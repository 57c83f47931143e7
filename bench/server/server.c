/* bench_server [--requests N] [--peer NAME=COMMAND] BODY NAME=COMMAND...: server CPU per review, latency and
 * memory of several servers under the same load, in turns within one run, and their ratios to the first. Then
 * the last, which is ours, against its goals: beside the first, which is the floor, and the peer.
 *
 * COMMAND is split at blanks; PORT in it becomes a free port, on which the server must speak HTTPS. Its CPU
 * time is the process's own clock, so the client's cost is not in it; the latencies are those of a client on
 * the same processors and only good for comparing. */
#include "load.h"
#include "slice.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_SERVERS = 8, MOST_WORDS = 32, ROUNDS = 5, BODY_BYTES = 1 << 20, READY_TRIES = 5000 };

static const unsigned connections[] = {1, 8, 64};
enum { LEVELS = COUNT(connections) };

struct sample {
    double cpu_us, p50_us, p99_us, per_second;
};

/* What our figure may be at most, as a multiple of the other's. */
static const double goal_cpu_of_floor = 1.7, goal_cpu_of_peer = 1.0 / 4, goal_p99_of_peer = 1.0 / 5,
                    goal_memory_of_peer = 1.0 / 3;

struct server {
    const char *name;
    pid_t id;
    unsigned port;
    double ready_ms; /* from fork to the first accepted connection */
    struct sample samples[LEVELS][ROUNDS];
    double resident_mb; /* the most at the end of a round, its connections still open */
};

struct meter {
    struct server *server;
    clockid_t clock;
    double marks[2];
    size_t count;
};

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void die(const char *what, const char *which)
{
    fprintf(stderr, "bench_server: %s %s\n", what, which);
    exit(2);
}

static unsigned free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&at, n) != 0 || getsockname(fd, (struct sockaddr *)&at, &n) != 0)
        die("no free port", "");
    close(fd);
    return ntohs(at.sin_port);
}

static bool accepts(unsigned port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return connected;
}

/* "./x --listen 127.0.0.1:PORT" as words, PORT replaced. */
static void exec_command(const char *command, unsigned port)
{
    static char text[4096];
    char *words[MOST_WORDS] = {NULL};
    size_t n = 0, count = 0;
    for (const char *p = command; *p && n < sizeof text - 16; p++) {
        if (strncmp(p, "PORT", 4) == 0) {
            n += (size_t)snprintf(text + n, 16, "%u", port);
            p += 3;
        } else {
            text[n++] = *p == ' ' ? '\0' : *p;
        }
    }
    for (size_t i = 0; i < n && count < MOST_WORDS - 1; i += strlen(text + i) + 1)
        if (text[i])
            words[count++] = text + i;
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* however the benchmark ends, its servers do as well */
    int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    execvp(words[0], words);
    _exit(127);
}

static void server_begin(struct server *s, const char *argument)
{
    const char *equals = strchr(argument, '=');
    if (!equals)
        die("NAME=COMMAND is wanted, not", argument);
    s->name = strndup(argument, (size_t)(equals - argument));
    s->port = free_port();
    double begin = seconds(CLOCK_MONOTONIC);
    s->id = fork();
    if (s->id == 0)
        exec_command(equals + 1, s->port);
    for (size_t i = 0; i < READY_TRIES; i++) {
        if (accepts(s->port)) {
            s->ready_ms = (seconds(CLOCK_MONOTONIC) - begin) * 1e3;
            return;
        }
        if (waitpid(s->id, NULL, WNOHANG) != 0)
            break;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    die("does not start:", argument);
}

static double resident_mb(pid_t id)
{
    char path[64], line[256];
    double kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)id);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = strtod(line + 6, NULL);
    if (f)
        fclose(f);
    return kb / 1024;
}

static void mark(void *context)
{
    struct meter *m = context;
    m->marks[m->count++ % 2] = seconds(m->clock);
    double resident = resident_mb(m->server->id);
    m->server->resident_mb = resident > m->server->resident_mb ? resident : m->server->resident_mb;
}

static void server_measure(struct server *s, size_t level, size_t round, const struct load *l)
{
    struct meter meter = {.server = s};
    struct load_result result = {0};
    struct load load = *l;
    load.port = s->port;
    load.connections = connections[level];
    if (clock_getcpuclockid(s->id, &meter.clock) != 0 || !load_run(&load, mark, &meter, &result))
        die("a connection failed:", s->name);
    if (result.failures)
        die("not every answer was 200:", s->name);
    s->samples[level][round] =
        (struct sample){.cpu_us = (meter.marks[1] - meter.marks[0]) / (double)result.count * 1e6,
                        .p50_us = (double)result.latencies[result.count / 2] / 1e3,
                        .p99_us = (double)result.latencies[result.count * 99 / 100] / 1e3,
                        .per_second = (double)result.count / result.seconds};
    free(result.latencies);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof *values, by_value);
    return values[ROUNDS / 2];
}

/* The median of each figure by itself. */
static struct sample middle_of(const struct server *s, size_t level)
{
    double cpu[ROUNDS], p50[ROUNDS], p99[ROUNDS], per_second[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        const struct sample *one = &s->samples[level][i];
        cpu[i] = one->cpu_us;
        p50[i] = one->p50_us;
        p99[i] = one->p99_us;
        per_second[i] = one->per_second;
    }
    return (struct sample){middle(cpu), middle(p50), middle(p99), middle(per_second)};
}

static void print_table(const struct server *servers, size_t count, size_t body_size, size_t requests)
{
    printf("%zu-byte body, keep-alive TLS 1.3, %zu requests each, median of %d rounds\n\n", body_size,
           requests, ROUNDS);
    printf("%-22s %5s %10s %7s %9s %9s %7s %9s\n", "server", "conns", "CPU us/req", "ratio", "p50 us",
           "p99 us", "ratio", "req/s");
    for (size_t level = 0; level < LEVELS; level++) {
        struct sample floor = middle_of(&servers[0], level);
        for (size_t i = 0; i < count; i++) {
            struct sample s = middle_of(&servers[i], level);
            printf("%-22s %5u %10.2f %7.2f %9.1f %9.1f %7.2f %9.0f\n", servers[i].name, connections[level],
                   s.cpu_us, s.cpu_us / floor.cpu_us, s.p50_us, s.p99_us, s.p99_us / floor.p99_us,
                   s.per_second);
        }
    }
    printf("\n%-22s %14s %7s %14s\n", "server", "resident MB", "ratio", "ready after ms");
    for (size_t i = 0; i < count; i++)
        printf("%-22s %14.1f %7.2f %14.1f\n", servers[i].name, servers[i].resident_mb,
               servers[i].resident_mb / servers[0].resident_mb, servers[i].ready_ms);
}

static void print_goal(const char *what, const struct server *other, const char *conns, double ours,
                       double others, double goal)
{
    printf("%-12s %-22s %5s %10.2f %10.2f %7.2f %7.2f\n", what, other->name, conns, ours, others,
           ours / others, goal);
}

static void print_goals(const struct server *ours, const struct server *floor, const struct server *peer)
{
    char conns[LEVELS][16];
    printf("\n%-12s %-22s %5s %10s %10s %7s %7s\n", "", "against", "conns", ours->name, "the other", "ratio",
           "goal");
    for (size_t i = 0; i < LEVELS; i++) {
        snprintf(conns[i], sizeof conns[i], "%u", connections[i]);
        print_goal("CPU us/req", floor, conns[i], middle_of(ours, i).cpu_us, middle_of(floor, i).cpu_us,
                   goal_cpu_of_floor);
    }
    if (!peer)
        return;
    for (size_t i = 0; i < LEVELS; i++)
        print_goal("CPU us/req", peer, conns[i], middle_of(ours, i).cpu_us, middle_of(peer, i).cpu_us,
                   goal_cpu_of_peer);
    size_t most = LEVELS - 1;
    print_goal("p99 us", peer, conns[most], middle_of(ours, most).p99_us, middle_of(peer, most).p99_us,
               goal_p99_of_peer);
    print_goal("resident MB", peer, "", ours->resident_mb, peer->resident_mb, goal_memory_of_peer);
}

static size_t read_message(const char *path, char **ret, size_t *ret_body)
{
    static char body[BODY_BYTES];
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(body, 1, sizeof body, f) : 0;
    if (!n || n == sizeof body)
        die("cannot read", path);
    fclose(f);
    *ret_body = n;
    *ret = malloc(n + 1024);
    int head = snprintf(*ret, 1024,
                        "POST /validate?timeout=10s HTTP/1.1\r\nHost: localhost\r\n"
                        "User-Agent: kube-apiserver-admission\r\nContent-Length: %zu\r\n"
                        "Accept: application/json, */*\r\nContent-Type: application/json\r\n"
                        "Accept-Encoding: gzip\r\n\r\n",
                        n);
    memcpy(*ret + head, body, n);
    return n + (size_t)head;
}

int main(int argc, char **argv)
{
    static struct server servers[MOST_SERVERS];
    struct load load = {.requests = 20000};
    const char *peer = NULL;
    size_t count = 0, body_size;
    int at = 1;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        if (strcmp(argv[at], "--requests") == 0)
            load.requests = strtoul(argv[at + 1], NULL, 10);
        else if (strcmp(argv[at], "--peer") == 0)
            peer = argv[at + 1];
        else
            die("no such option:", argv[at]);
    }
    if (argc - at < 2 || argc - at - !peer > MOST_SERVERS || load.requests < 1000)
        die("usage: bench_server [--requests N] [--peer NAME=COMMAND] BODY NAME=COMMAND...", "");
    char *message;
    load.message_size = read_message(argv[at], &message, &body_size);
    load.message = message;
    for (int i = at + 1; i < argc; i++)
        server_begin(&servers[count++], argv[i]);
    const struct server *ours = &servers[count - 1];
    if (peer)
        server_begin(&servers[count++], peer);
    for (size_t level = 0; level < LEVELS; level++)
        for (size_t round = 0; round < ROUNDS; round++)
            for (size_t i = 0; i < count; i++)
                server_measure(&servers[i], level, round, &load);
    print_table(servers, count, body_size, load.requests);
    print_goals(ours, &servers[0], peer ? &servers[count - 1] : NULL);
    for (size_t i = 0; i < count; i++) {
        kill(servers[i].id, SIGTERM);
        waitpid(servers[i].id, NULL, 0);
    }
    free(message);
    return 0;
}
