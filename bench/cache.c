/* bench_cache BRGATE PEER [SCHEDULES [BACKUPS]]: brgate's controller beside controller-runtime's cache (bench/go/cache), on
 * the same objects of one API server, which runs in this process. By default 10,000 schedules with ten backups each.
 *
 * Memory and CPU are the whole process's own, as the system counts them. Both are read when a process has listed and watches
 * both kinds and has nothing left to do. brgate runs with --dry-run: it judges and plans for every schedule, but takes no
 * Lease. The peer plans nothing and gives back to the system what it needed only for reading. */
#include "api_double.h"
#include "civil.h"
#include "objects.h"
#include "slice.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REST = 20, STILL_MS = 1000, LONGEST_START = 300, DAY = 86400, DUE = 3600 };

#define BACKUPS   "/apis/br.pingcap.com/v1alpha1/backups"
#define SCHEDULES "/apis/br.pingcap.com/v1alpha1/backupschedules"

struct client {
    const char *name;
    double start_s, start_cpu_s,
        rest_percent; /* from its first instruction to its watches; CPU then; afterwards */
    double resident_mb, most_mb;
};

static _Noreturn void die(const char *what, const char *which)
{
    fprintf(stderr, "bench_cache: %s %s\n", what, which);
    exit(2);
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wait_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static double memory_mb(pid_t id, const char *what)
{
    char path[64], line[256];
    double kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)id);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, what, strlen(what)) == 0)
            kb = strtod(line + strlen(what), NULL);
    if (f)
        fclose(f);
    return kb / 1024;
}

static char *copy_of(struct objects *o)
{
    char *copy = strndup(o->text, o->n);
    if (!copy)
        die("no memory", "");
    o->n = 0;
    return copy;
}

/* The last runs were made at the latest 01:00 that has passed: nothing is due. */
static void serve_objects(struct api *api, long schedules, long backups)
{
    static const char *const empty[] = {"/apis/br.pingcap.com/v1alpha1/compactbackups",
                                        "/apis/batch/v1/jobs",
                                        "/api/v1/pods",
                                        "/apis/core.pingcap.com/v1alpha1/clusters",
                                        "/apis/core.pingcap.com/v1alpha1/pdgroups",
                                        "/apis/core.pingcap.com/v1alpha1/tikvgroups"};
    time_t last = time(NULL) - DUE;
    struct objects o = {.today = last - last % DAY + DAY, .backups = backups};
    struct civil c = civil_of(o.today - DAY);
    char status[200];
    size_t all = (size_t)(schedules * backups);
    const char **items = calloc((size_t)schedules, sizeof *items), **runs = calloc(all, sizeof *runs);
    if (!items || !runs)
        die("no memory", "");
    for (long i = 0; i < schedules; i++) {
        snprintf(status, sizeof status,
                 "{\"lastBackup\":\"s%ld-%04d-%02d-%02dt01-00-00\",\"lastBackupTime\":\"%04d-%02d-%02dT01:00:"
                 "00Z\"}",
                 i, c.year, c.month, c.day, c.year, c.month, c.day);
        objects_put_schedule(&o, i, status);
        items[i] = copy_of(&o);
    }
    for (size_t i = 0; i < all; i++) {
        objects_put_backup(&o, (long)i / backups, 1 + (long)i % backups);
        runs[i] = copy_of(&o);
    }
    api_list(api, SCHEDULES, items, (size_t)schedules);
    api_list(api, BACKUPS, runs, all);
    for (size_t i = 0; i < COUNT(empty); i++)
        api_list(api, empty[i], NULL, 0);
    free(o.text);
}

/* Until it watches both kinds and its clock of CPU stands still. */
static void wait_for_rest(struct client *c, struct api *api, pid_t id, clockid_t clock, double begin)
{
    while (!api_watches(api, SCHEDULES) || !api_watches(api, BACKUPS)) {
        if (waitpid(id, NULL, WNOHANG) != 0 || seconds(CLOCK_MONOTONIC) - begin > LONGEST_START)
            die("does not watch both kinds:", c->name);
        wait_ms(10);
    }
    c->start_s = seconds(CLOCK_MONOTONIC) - begin;
    for (double before = -1; seconds(clock) - before > 0.01;) {
        before = seconds(clock);
        wait_ms(STILL_MS);
    }
}

static void measure(struct client *c, struct api *api, const char *const *words)
{
    extern char **environ;
    pid_t id;
    clockid_t clock;
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    double begin = seconds(CLOCK_MONOTONIC);
    if (posix_spawn(&id, words[0], &quiet, NULL, (char *const *)(uintptr_t)words, environ) != 0 ||
        clock_getcpuclockid(id, &clock) != 0)
        die("cannot start", words[0]);
    posix_spawn_file_actions_destroy(&quiet);
    wait_for_rest(c, api, id, clock, begin);
    c->start_cpu_s = seconds(clock);
    wait_ms(REST * 1000);
    c->rest_percent = 100 * (seconds(clock) - c->start_cpu_s) / REST;
    c->resident_mb = memory_mb(id, "VmRSS:");
    c->most_mb = memory_mb(id, "VmHWM:");
    kill(id, SIGKILL);
    waitpid(id, NULL, 0);
    api_end_watches(api, true);
    while (api_watches(api, SCHEDULES) || api_watches(api, BACKUPS))
        wait_ms(10);
}

static void print_row(const char *what, const char *unit, double ours, double theirs)
{
    printf("  %-22s %9.2f %-2s %19.2f %-2s", what, ours, unit, theirs, unit);
    if (theirs >= 0.01)
        printf(" %8.2f", ours / theirs);
    putchar('\n');
}

int main(int argc, char **argv)
{
    if (argc < 3)
        die("usage: bench_cache BRGATE PEER [SCHEDULES [BACKUPS]]", "");
    long schedules = argc > 3 ? strtol(argv[3], NULL, 10) : 10000,
         backups = argc > 4 ? strtol(argv[4], NULL, 10) : 10;
    char directory[] = "/tmp/brgate-bench-XXXXXX", path[sizeof directory + 20];
    if (!mkdtemp(directory))
        die("cannot make", directory);
    struct api *api = api_start();
    serve_objects(api, schedules, backups);
    const char *kubeconfig = api_kubeconfig(api, directory, "token");
    const char *ours[] = {argv[1],    "reconcile", "--dry-run",   "--kubeconfig",
                          kubeconfig, "--listen",  "127.0.0.1:0", NULL};
    const char *theirs[] = {argv[2], "--kubeconfig", kubeconfig, NULL};
    struct client us = {.name = "brgate"}, peer = {.name = "controller-runtime"};
    measure(&us, api, ours);
    measure(&peer, api, theirs);
    char text[80];
    snprintf(text, sizeof text, "%ld schedules, %ld backups", schedules, schedules * backups);
    printf("%-24s %12s %22s %8s\n", text, us.name, peer.name, "ratio");
    print_row("memory at rest", "MB", us.resident_mb, peer.resident_mb);
    print_row("most memory", "MB", us.most_mb, peer.most_mb);
    print_row("time to the watches", "s", us.start_s, peer.start_s);
    print_row("CPU of the start", "s", us.start_cpu_s, peer.start_cpu_s);
    print_row("CPU at rest", "%", us.rest_percent, peer.rest_percent);
    api_stop(api);
    snprintf(path, sizeof path, "%s/ca.crt", directory);
    unlink(path);
    unlink(kubeconfig);
    rmdir(directory);
    return 0;
}
