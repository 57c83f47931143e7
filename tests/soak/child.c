/* Starts servers and reads their metrics. */
#include "child.h"

#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_ARGUMENTS = 32, LOOK_MS = 5, PAGE_BYTES = 1 << 18 };

static pid_t running;
static char directory[64];

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){0, LOOK_MS * 1000000}, NULL);
}

void give_up(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("soak: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    if (running)
        kill(running, SIGKILL);
    exit(EXIT_FAILURE);
}

static void remove_directory(void)
{
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    if (system(command) != 0)
        fprintf(stderr, "soak: %s stays\n", directory);
}

const char *work_directory(void)
{
    if (!directory[0]) {
        snprintf(directory, sizeof directory, "/tmp/brgate-soak-XXXXXX");
        if (!mkdtemp(directory))
            give_up("no directory: %s", strerror(errno));
        atexit(remove_directory);
    }
    return directory;
}

static unsigned port_after(const char *text, const char *words)
{
    const char *at = strstr(text, words);
    at = at ? strstr(at, "(port ") : NULL;
    return at ? (unsigned)strtoul(at + 6, NULL, 10) : 0;
}

static void find_ports(struct child *c)
{
    char text[8192];
    for (int i = 0; i < PATIENCE_S * 1000 / LOOK_MS; i++) {
        int fd = open(c->log, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
        if (fd >= 0)
            close(fd);
        text[n > 0 ? n : 0] = '\0';
        c->port = port_after(text, "HTTPS on");
        c->health = port_after(text, "health on");
        if (c->port && c->health)
            return;
        if (waitpid(c->id, NULL, WNOHANG) != 0)
            break;
        pause_briefly();
    }
    give_up("the server does not start: %s", text);
}

void child_start(struct child *c, const char *brgate, const char *const *arguments, const char *preload)
{
    static unsigned count;
    const char *argv[MOST_ARGUMENTS] = {brgate, "serve", "--listen=127.0.0.1:0",
                                        "--health-listen=127.0.0.1:0"};
    for (size_t i = 0; arguments[i]; i++)
        argv[i + 4] = arguments[i];
    snprintf(c->log, sizeof c->log, "%s/log-%u", work_directory(), count++);
    c->id = running = fork();
    if (c->id == 0) {
        int fd = open(c->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(fd, STDERR_FILENO);
        if (preload)
            setenv("LD_PRELOAD", preload, 1);
        execv(brgate, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    find_ports(c);
}

void child_end(struct child *c)
{
    int status;
    kill(c->id, SIGTERM);
    if (waitpid(c->id, &status, 0) != c->id)
        give_up("the server is lost");
    running = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        give_up("the server ends with status %#x", (unsigned)status);
}

double child_metric(const struct child *c, const char *sample)
{
    static char page[PAGE_BYTES];
    struct peer p;
    size_t n = 0, length = strlen(sample);
    if (!peer_open(&p, c->health, &(struct peer_options){.plain = true}))
        return -1;
    peer_send(&p, LIT("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    for (ssize_t got; n < sizeof page - 1 && (got = read(p.fd, page + n, sizeof page - 1 - n)) > 0;)
        n += (size_t)got;
    page[n] = '\0';
    peer_close(&p);
    for (const char *at = page; (at = strstr(at, sample)); at += length)
        if (at > page && at[-1] == '\n' && at[length] == ' ')
            return strtod(at + length, NULL);
    return -1;
}

void child_await(const struct child *c, const char *sample, double least)
{
    for (int i = 0; i < PATIENCE_S * 1000 / LOOK_MS; i++) {
        if (child_metric(c, sample) >= least)
            return;
        pause_briefly();
    }
    give_up("%s does not become %g", sample, least);
}

static double memory(const struct child *c, const char *which)
{
    char path[64], line[256];
    double kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)c->id);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, which, strlen(which)) == 0)
            kb = strtod(line + strlen(which), NULL);
    if (f)
        fclose(f);
    return kb / 1024;
}

double child_memory(const struct child *c)
{
    return memory(c, "VmRSS:");
}

double child_peak(const struct child *c)
{
    return memory(c, "VmHWM:");
}

double child_seconds(const struct child *c)
{
    clockid_t clock;
    struct timespec t = {0};
    if (clock_getcpuclockid(c->id, &clock) == 0)
        clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
