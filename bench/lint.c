/* lint BRGATE: `brgate lint` over 1,000 manifests of 1 KB, against libyaml's bare event loop over the same
 * files, and one cold file. Each run is a process of its own; the best of many rounds in one run counts. */
#include <yaml.h>

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 1000, ROUNDS = 30, FILE_BYTES = 64 << 10 };

static const char manifest[] =
    "# Nightly full backup of one cluster; see the runbook before changing the prefix.\n"
    "apiVersion: br.pingcap.com/v1alpha1\n"
    "kind: Backup\n"
    "metadata:\n"
    "  name: nightly-%d\n"
    "  namespace: tidb-cluster-production\n"
    "  labels:\n"
    "    app.kubernetes.io/part-of: tidb\n"
    "    app.kubernetes.io/managed-by: argocd\n"
    "    team: storage\n"
    "spec:\n"
    "  backupType: full\n"
    "  backupMode: snapshot\n"
    "  cleanPolicy: Retain\n"
    "  serviceAccount: tidb-backup-manager\n"
    "  toolImage: pingcap/br:v8.5.0\n"
    "  resources:\n"
    "    requests:\n"
    "      cpu: \"500m\"\n"
    "      memory: 1Gi\n"
    "    limits:\n"
    "      cpu: \"2\"\n"
    "      memory: 4Gi\n"
    "  tableFilter:\n"
    "    - \"*.*\"\n"
    "    - \"!mysql.*\"\n"
    "    - \"!sys.*\"\n"
    "  br:\n"
    "    cluster: production-%d\n"
    "    clusterNamespace: tidb-cluster-production\n"
    "    logLevel: info\n"
    "    concurrency: 4\n"
    "    checkRequirements: true\n"
    "    sendCredToTikv: true\n"
    "  s3:\n"
    "    provider: aws\n"
    "    region: us-west-1\n"
    "    bucket: company-tidb-backups\n"
    "    prefix: production/cluster-%d/full\n"
    "    storageClass: STANDARD_IA\n"
    "    secretName: s3-backup-credentials\n";

static void die(const char *what)
{
    perror(what);
    exit(2);
}

/* ---- the floor ---- */

static size_t parse_events(const unsigned char *bytes, size_t n)
{
    yaml_parser_t parser;
    yaml_event_t event;
    size_t events = 0;
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_string(&parser, bytes, n);
    for (bool more = true; more; events++) {
        if (!yaml_parser_parse(&parser, &event))
            die("libyaml");
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return events;
}

static int floor_main(const char *folder)
{
    static unsigned char bytes[FILE_BYTES];
    size_t events = 0;
    DIR *d = opendir(folder);
    if (!d)
        die(folder);
    for (const struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        int fd = openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
        if (n < 0)
            die(e->d_name);
        close(fd);
        events += parse_events(bytes, (size_t)n);
    }
    closedir(d);
    return events == 0;
}

/* ---- measuring ---- */

struct cost {
    double wall, cpu; /* milliseconds */
    long rss;         /* KiB */
};

static double milliseconds(struct timeval t)
{
    return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static struct cost run(const char *const *argv)
{
    extern char **environ;
    struct timespec start, end;
    struct rusage usage;
    pid_t child;
    int status = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (posix_spawn(&child, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ) != 0 ||
        wait4(child, &status, 0, &usage) < 0)
        die(argv[0]);
    clock_gettime(CLOCK_MONOTONIC, &end);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "lint: %s: exit %d\n", argv[0], WEXITSTATUS(status));
        exit(2);
    }
    return (struct cost){(double)(end.tv_sec - start.tv_sec) * 1e3 +
                             (double)(end.tv_nsec - start.tv_nsec) / 1e6,
                         milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime), usage.ru_maxrss};
}

static void keep_best(struct cost *best, struct cost got)
{
    if (best->wall == 0 || got.wall < best->wall)
        best->wall = got.wall;
    if (best->cpu == 0 || got.cpu < best->cpu)
        best->cpu = got.cpu;
    if (got.rss > best->rss)
        best->rss = got.rss;
}

static void write_files(const char *folder)
{
    char path[300];
    for (int i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "%s/%04d.yaml", folder, i);
        FILE *f = fopen(path, "we");
        if (!f)
            die(path);
        fprintf(f, manifest, i, i, i);
        fclose(f);
    }
}

static void remove_files(const char *folder)
{
    char path[300];
    for (int i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "%s/%04d.yaml", folder, i);
        unlink(path);
    }
    rmdir(folder);
}

static void print_cost(const char *what, const struct cost *c, const struct cost *floor)
{
    printf("%-36s %8.2f ms wall %8.2f ms CPU %7.1f MB", what, c->wall, c->cpu, (double)c->rss / 1024);
    if (floor)
        printf("   %.2fx wall, %.2fx CPU", c->wall / floor->wall, c->cpu / floor->cpu);
    putchar('\n');
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--floor"))
        return floor_main(argv[2]);
    if (argc != 2) {
        fputs("usage: lint BRGATE\n", stderr);
        return 2;
    }
    char folder[] = "/tmp/brgate-bench-XXXXXX", one[sizeof folder + 10];
    if (!mkdtemp(folder))
        die(folder);
    snprintf(one, sizeof one, "%s/0000.yaml", folder);
    write_files(folder);
    const char *floor_argv[] = {"/proc/self/exe", "--floor", folder, NULL};
    const char *all_argv[] = {argv[1], "lint", "-q", "--no-config", folder, NULL};
    const char *one_argv[] = {argv[1], "lint", "-q", "--no-config", one, NULL};
    struct cost floor = {0}, all = {0}, single = {0};
    for (int i = 0; i < ROUNDS; i++) {
        keep_best(&floor, run(floor_argv));
        keep_best(&all, run(all_argv));
        keep_best(&single, run(one_argv));
    }
    remove_files(folder);
    print_cost("libyaml's events, 1,000 files", &floor, NULL);
    print_cost("brgate lint, the same files", &all, &floor);
    print_cost("brgate lint, one file, cold", &single, NULL);
    return 0;
}
